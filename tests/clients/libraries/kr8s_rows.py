"""kr8s, row by row. Usage: kr8s_rows.py KUBECONFIG"""

import threading
import urllib.request

import kr8s
from kr8s.objects import ConfigMap, Deployment, Namespace, Pod, Service, new_class
from library_rows import KUBECONFIG, SUFFIX, WEB_POD, Skipped, play, row, until

api = kr8s.api(kubeconfig=KUBECONFIG)
SPACE = f"kr8s-{SUFFIX}"


def named(kind, name, **more):
    return {"metadata": {"name": name, "namespace": SPACE}, **more}


def needs_a_node():
    if not list(api.get("nodes")):
        raise Skipped("no Pods run here")


@row
def who_and_what_is_there():
    assert api.version()["gitVersion"].startswith("v1.") and api.whoami()
    assert {"configmaps", "deployments"} <= {resource["name"] for resource in api.api_resources()}
    Namespace({"metadata": {"name": SPACE}}, api=api).create()


@row
def a_life_of_a_config_map():
    made = ConfigMap(named("ConfigMap", "life", data={"a": "1"}), api=api)
    made.create()
    made.patch({"data": {"b": "2"}})
    made.label({"x": "y"})
    made.annotate({"note": "z"})
    made.refresh()
    assert made.data == {"a": "1", "b": "2"} and made.labels == {"x": "y"}
    assert [found.name for found in api.get("cm", namespace=SPACE, label_selector={"x": "y"})] == ["life"]
    assert any(found.namespace == SPACE for found in api.get("configmaps", namespace=kr8s.ALL))
    made.delete()
    until(lambda: not made.exists())
    try:
        ConfigMap.get("life", namespace=SPACE, api=api)
        raise AssertionError("it is still there")
    except kr8s.NotFoundError:
        pass


@row
def a_watch():
    seen, began = [], threading.Event()

    def watch():
        for kind, found in api.watch("configmaps", namespace=SPACE, label_selector={"watched": "yes"}):
            seen.append((kind, found.name))
            began.set()
            if kind == "DELETED":
                return

    made = ConfigMap(named("ConfigMap", "watched"), api=api)
    made.raw["metadata"]["labels"] = {"watched": "yes"}
    made.create()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert began.wait(10)
    made.label({"more": "x"})
    made.delete()
    watcher.join(10)
    assert seen == [("ADDED", "watched"), ("MODIFIED", "watched"), ("DELETED", "watched")], seen


@row
def kinds_of_definitions():
    group = next((r for r in api.api_resources() if r["name"] == "virtualservices"), None)
    if group is None:
        raise Skipped("no VirtualServices are defined here")
    kind = new_class("VirtualService", group["version"], namespaced=True, asyncio=False)
    made = kind(named("VirtualService", "route", spec={"hosts": ["a"], "http": [{"route": [{"destination": {"host": "b"}}]}]}), api=api)
    made.create()
    assert [found.name for found in api.get("virtualservices", namespace=SPACE)] == ["route"]
    made.delete()


@row
def a_running_pod():
    needs_a_node()
    pod = Pod({**WEB_POD, "metadata": {**WEB_POD["metadata"], "namespace": SPACE}}, api=api)
    pod.create()
    pod.wait("condition=Ready", timeout=20)
    assert list(pod.logs()) == ["hello"]
    done = pod.exec(["sh", "-c", "echo out; echo err >&2"])
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 0)
    with pod.portforward(8000, local_port=None) as port, urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
        assert page.status == 200
    service = Service(named("Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8000}]}), api=api)
    service.create()
    until(service.ready)
    assert [found.name for found in service.ready_pods()] == ["web"] and service.proxy_http_get("/").status_code == 200


@row
def a_deployment_scales():
    needs_a_node()
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "main", "image": "example/d:1", "command": ["sleep", "100"]}]}}
    made = Deployment(named("Deployment", "d", spec={"replicas": 2, "selector": {"matchLabels": {"app": "d"}}, "template": template}), api=api)
    made.create()
    made.wait("condition=Available", timeout=20)
    made.scale(1)
    until(lambda: len(made.pods()) == 1)


@row
def the_namespace_goes():
    Namespace.get(SPACE, api=api).delete()


play()
