"""An operator on kopf, row by row: finalizers, status, timers, daemons. Usage: kopf_rows.py KUBECONFIG"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import kr8s
from kr8s.objects import ConfigMap, CustomResourceDefinition, Namespace, new_class
from library_rows import KUBECONFIG, SUFFIX, play, row, until

api = kr8s.api(kubeconfig=KUBECONFIG)
SPACE = f"kopf-{SUFFIX}"
Toy = new_class("Toy", "rows.example.com/v1", namespaced=True, asyncio=False)
log = Path(tempfile.mkstemp(prefix="slipway-kopf-")[1])
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION = {
    "metadata": {"name": "toys.rows.example.com"},
    "spec": {
        "group": "rows.example.com",
        "scope": "Namespaced",
        "names": {"plural": "toys", "singular": "toy", "kind": "Toy"},
        "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": OPEN, "status": OPEN}}}}],
    },
}


def toy():
    return Toy.get("one", namespace=SPACE, api=api)


def size():
    return ConfigMap.get("one", namespace=SPACE, api=api).data["size"]


@row
def the_operator_starts():
    global operator
    Namespace({"metadata": {"name": SPACE}}, api=api).create()
    definition = CustomResourceDefinition(DEFINITION, api=api)
    if not definition.exists():
        definition.create()
    definition.wait("condition=Established", timeout=10)
    command = [os.path.dirname(sys.executable) + "/kopf", "run", os.path.dirname(__file__) + "/kopf_operator.py", "--namespace", SPACE]
    operator = subprocess.Popen(command, env={**os.environ, "KUBECONFIG": KUBECONFIG}, stdout=log.open("w"), stderr=subprocess.STDOUT)


@row
def what_is_made_is_handled_and_held():
    Toy({"metadata": {"name": "one", "namespace": SPACE}, "spec": {"size": 1}}, api=api).create()
    until(lambda: toy().raw.get("status", {}).get("made") == "one")
    assert size() == "1" and toy().metadata.finalizers == ["rows.example.com/kept"]
    assert toy().status.create == {"said": "hello"}
    assert ConfigMap.get("one", namespace=SPACE, api=api).metadata.ownerReferences[0].uid == toy().metadata.uid


@row
def a_change_of_one_field_is_told():
    toy().patch({"spec": {"size": 5}})
    until(lambda: size() == "5")
    until(lambda: "1->5" in str(toy().raw["status"]))


@row
def timers_write_status():
    before = toy().status.get("ticks", 0)
    until(lambda: toy().status.ticks > before + 1)


@row
def what_is_deleted_is_let_go_of():
    made = toy()
    made.delete(propagation_policy="Background")
    until(lambda: not made.exists())
    until(lambda: "removed one" in log.read_text() and "let go one" in log.read_text())


@row
def the_operator_ends():
    operator.send_signal(signal.SIGINT)
    assert operator.wait(20) == 0 and "Traceback" not in log.read_text(), log.read_text()[-2000:]
    log.unlink()
    Namespace.get(SPACE, api=api).delete()


play()
