"""lightkube, row by row. Usage: lightkube_rows.py KUBECONFIG"""

import threading

from library_rows import KUBECONFIG, SUFFIX, WEB_POD, Skipped, play, row
from lightkube import Client, KubeConfig
from lightkube import operators as is_
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import get_generic_resource, load_in_cluster_generic_resources
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Node, Pod
from lightkube.types import CascadeType, PatchType

SPACE = f"lightkube-{SUFFIX}"
client = Client(config=KubeConfig.from_file(KUBECONFIG), namespace=SPACE, field_manager="rows")


def refused(call):
    try:
        call()
    except ApiError as error:
        return error.status
    raise AssertionError("it was accepted")


def config_map(name, labels=None, **data):
    return ConfigMap(metadata=ObjectMeta(name=name, namespace=SPACE, labels=labels), data=data)


@row
def a_namespace():
    client.create(Namespace(metadata=ObjectMeta(name=SPACE)))


@row
def every_way_to_change():
    made = client.create(config_map("a", {"a": "1", "b": "2"}, x="y"))
    made.data["q"] = "r"
    client.replace(made)
    assert refused(lambda: client.replace(made)).code == 409
    client.patch(ConfigMap, "a", {"data": {"q": None}})
    client.patch(ConfigMap, "a", [{"op": "add", "path": "/data/z", "value": "1"}], patch_type=PatchType.JSON)
    client.patch(ConfigMap, "a", {"data": {"m": "1"}}, patch_type=PatchType.MERGE)
    assert client.apply(config_map("a", s="1"), field_manager="other").data == {"x": "y", "z": "1", "m": "1", "s": "1"}
    conflict = refused(lambda: client.apply(config_map("a", x="z"), field_manager="other"))
    assert conflict.message == 'Apply failed with 1 conflict: conflict with "rows" using v1: .data.x', conflict.message
    assert client.apply(config_map("a", x="z"), field_manager="other", force=True).data["x"] == "z"


@row
def selectors_and_pages():
    for name in "bcd":
        client.create(config_map(name, {"a": "2"}))
    assert {found.metadata.name for found in client.list(ConfigMap, labels={"a": is_.in_(["1", "3"]), "b": is_.exists(), "c": is_.not_exists()})} == {"a"}
    assert [found.metadata.name for found in client.list(ConfigMap, fields={"metadata.name": "b"})] == ["b"]
    assert {found.metadata.name for found in client.list(ConfigMap, labels={"a": is_.exists()}, chunk_size=1)} == set("abcd")
    client.deletecollection(ConfigMap)
    assert not list(client.list(ConfigMap, labels={"a": is_.exists()}))


@row
def a_watch_of_what_leaves_the_selector():
    seen = []

    def watch():
        for kind, found in client.watch(ConfigMap, labels={"w": "1"}, resource_version=version):
            seen.append((kind, found.metadata.name))
            if kind == "DELETED":
                return

    version = client.create(config_map("before")).metadata.resourceVersion
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    client.create(config_map("w", {"w": "1"}))
    client.patch(ConfigMap, "w", {"metadata": {"labels": {"w": None}}})
    watcher.join(10)
    assert seen == [("ADDED", "w"), ("DELETED", "w")], seen


@row
def status_and_scale():
    template = {"metadata": {"labels": {"a": "d"}}, "spec": {"containers": [{"name": "main", "image": "example/d:1", "command": ["sleep", "100"]}]}}
    client.create(Deployment.from_dict({"metadata": {"name": "d", "namespace": SPACE}, "spec": {"replicas": 0, "selector": {"matchLabels": {"a": "d"}}, "template": template}}))
    scale = client.get(Deployment.Scale, "d")
    scale.spec.replicas = 1
    scale.metadata.resourceVersion = None
    assert client.replace(scale, "d").spec.replicas == 1
    assert client.patch(Deployment.Status, "d", {"status": {"collisionCount": 1}}).status.collisionCount == 1
    client.delete(Deployment, "d", cascade=CascadeType.FOREGROUND)


@row
def kinds_of_definitions():
    load_in_cluster_generic_resources(client)
    kind = get_generic_resource("networking.istio.io/v1", "VirtualService")
    if kind is None:
        raise Skipped("no VirtualServices are defined here")
    client.create(kind(metadata={"name": "v", "namespace": SPACE}, spec={"hosts": ["a"], "http": [{"route": [{"destination": {"host": "b"}}]}]}))
    assert client.get(kind, "v").spec["hosts"] == ["a"]


@row
def a_running_pod():
    if not list(client.list(Node)):
        raise Skipped("no Pods run here")
    client.create(Pod.from_dict({**WEB_POD, "metadata": {**WEB_POD["metadata"], "namespace": SPACE}}))
    client.wait(Pod, "web", for_conditions=["Ready"])
    assert list(client.log("web")) == ["hello\n"]


@row
def the_namespace_goes():
    client.delete(Namespace, SPACE)


play()
