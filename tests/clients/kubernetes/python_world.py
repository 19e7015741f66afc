"""What the rows of the Kubernetes client for Python share: the client, connected to the server of the kubeconfig that is the first
argument, a namespace and a custom kind made for this run, and how a row says what it wants."""

import json
import sys
import time
import uuid

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from rows import HERE

SUFFIX = "p" + uuid.uuid4().hex[:5]
SPACE = f"python-{SUFFIX}"
GROUP = f"{SUFFIX}.example.com"
CONFIG_MAPS = f"/api/v1/namespaces/{SPACE}/configmaps"
ROWS = []

urllib3.disable_warnings()
config.load_kube_config(sys.argv[1])
api = client.ApiClient()
core, apps, custom, extensions = client.CoreV1Api(), client.AppsV1Api(), client.CustomObjectsApi(), client.ApiextensionsV1Api()


def row(function):
    ROWS.append(function)
    return function


def refused(call, code, reason=None):
    """The Status with which the server refused; an assertion fails when it did not, or otherwise."""
    try:
        call()
    except ApiException as error:
        status = json.loads(error.body)
        assert (error.status, status["kind"], status["status"]) == (code, "Status", "Failure"), f"{error.status}: {error.body}"
        assert reason is None or status.get("reason") == reason, status
        return status
    raise AssertionError(f"accepted, not refused with {code}")


def plain(answer):
    """What was answered, as JSON has it, whichever form the client gave it."""
    return api.sanitize_for_serialization(answer)


def settings(name, data=None, labels=None):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": data or {}}


def widget(name, **spec):
    return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"color": "blue", **spec}}


def pod(name):
    return {"metadata": {"name": name, "labels": {"app": name}}, "spec": {"schedulerName": "nobody", "containers": [{"name": "main", "image": "example/web:1"}]}}


def deployment(name):
    return {"metadata": {"name": name}, "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": pod(name)}}


def raw(method, path, body=None, **headers):
    """A request as it is, past everything that the client adds; the answer's code, headers and text."""
    configuration = api.configuration
    token = configuration.get_api_key_with_prefix("BearerToken") or configuration.get_api_key_with_prefix("authorization")
    authorization = {"authorization": token} if token else {}
    answer = api.rest_client.pool_manager.request(method, configuration.host + path, body=body, headers={**authorization, **{k.replace("_", "-"): v for k, v in headers.items()}})
    return answer.status, answer.headers, answer.data.decode()


def set_up():
    definition = yaml.safe_load((HERE / "manifests" / "crd.yaml").read_text(encoding="utf-8").replace("SUFFIX", SUFFIX))
    core.create_namespace({"metadata": {"name": SPACE}})
    extensions.create_custom_resource_definition(definition)
    for _ in range(200):
        conditions = extensions.read_custom_resource_definition(definition["metadata"]["name"]).status.conditions or []
        if any(c.type == "Established" and c.status == "True" for c in conditions) and raw("GET", f"/apis/{GROUP}/v1/widgets")[0] == 200:
            return
        time.sleep(0.1)
    raise SystemExit("the definition of a custom resource is not established")


def tear_down():
    extensions.delete_custom_resource_definition(f"widgets.{GROUP}")
    core.delete_namespace(SPACE)
