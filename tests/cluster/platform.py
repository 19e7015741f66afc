"""`slipway up` whose objects are in a real cluster: what it shows and refuses, an API server that dies meanwhile, and a second control plane
that takes over. Usage: platform.py CLUSTER_DIRECTORY (made by tests/cluster/up)"""

import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))
from support import endpoints, expect, family_of, kill, processes_of, remove, run, scratch, wait_until  # noqa: E402

cluster = os.path.abspath(sys.argv[1])
directory = scratch()
first, second = os.path.join(directory, "first"), os.path.join(directory, "second")
profile = os.path.join(directory, "profile.yaml")
model = os.path.join(directory, "model.yaml")
# Nothing in this cluster takes care of what an earlier run left on a node that is gone.
shop = "shop-" + os.path.basename(directory)[-8:].lower().replace("_", "x")

# The user "slipway" has the rights that are documented, and no other.
KUBECTL = os.path.join(HERE, "../../build/bin/kubectl-1.34")
admin = ["--kubeconfig", os.path.join(cluster, "kubeconfig")]
subprocess.run([KUBECTL, *admin, "apply", "-f", os.path.join(HERE, "../../deploy/cluster-role.yaml")], check=True, stdout=subprocess.DEVNULL)
subprocess.run([KUBECTL, *admin, "create", "clusterrolebinding", "slipway", "--clusterrole", "slipway-control-plane", "--user", "slipway"], capture_output=True)
with open(os.path.join(cluster, "kubeconfig"), encoding="utf-8") as file:
    limited = file.read().replace("user: {token:", "user: {as: slipway, token:")
kubeconfig = os.path.join(directory, "kubeconfig")
with open(kubeconfig, "w", encoding="utf-8") as file:
    file.write(limited)
with open(profile, "w", encoding="utf-8") as file:
    file.write(f"engines: {{platform: kubernetes}}\ncluster: {{kubeconfig: {kubeconfig}, workloads: slipway}}\nserving: {{runtime: simulated}}\n")
with open(model, "w", encoding="utf-8") as file:
    file.write(f"apiVersion: inference.llm-d.io/v1alpha1\nkind: LLMDeployment\nmetadata: {{name: chat, namespace: {shop}}}\nspec: {{model: {{name: chat}}, replicas: 1}}\n")


def pid_in(path):
    with open(path, encoding="utf-8") as file:
        return int(file.read())


def pid_of(data):
    return pid_in(os.path.join(data, "slipway.pid"))


def up(data, check=True, *more):
    return run("up", "--detach", "--data", data, "--profile", profile, *more, check=check)


def parts(data):
    return {p["name"]: p for p in json.loads(run("status", "--data", data, "-o", "json", check=False).stdout)["parts"]}


def all_running(data):
    return all(p["state"] == "Running" for p in parts(data).values())


def object_of(data, kind, name):
    done = run("get", kind, name, "-n", shop, "--data", data, "-o", "json", check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def is_ready(data):
    return object_of(data, "llmdeployment", "chat").get("status", {}).get("phase") == "Ready"


def servers():
    return sorted(pid for pid, line in family_of(first).items() if " model-server " in line and " shim " not in line)


try:
    started = time.monotonic()
    up(first)
    wait_until("all parts run", lambda: all_running(first))
    print(f"up over a cluster, all parts after {time.monotonic() - started:.1f} s")
    expect(endpoints(first)["kubernetes"].startswith("https://127.0.0.1:"), "endpoints.json names the cluster's API server")
    refused = run("endpoint", "kubeconfig", "--data", first, check=False)
    expect(refused.returncode != 0 and "is a cluster's" in refused.stderr, f"the cluster's own kubeconfig is to be used: {refused.stderr}")

    run("apply", "-f", model, "--data", first)
    wait_until("the model is served", lambda: is_ready(first))
    pods = json.loads(run("get", "pods", "-n", shop, "--data", first, "-o", "json").stdout)["items"]
    expect(len(pods) == 1 and pods[0]["spec"]["schedulerName"] == "slipway", f"one Pod, for our node: {pods}")
    run("logs", "-n", shop, pods[0]["metadata"]["name"], "--data", first)

    # What has no business here is refused, and the objects are not lost by a forgotten option.
    kill(pid_of(first))
    forgotten = run("up", "--detach", "--data", first, check=False)
    expect(forgotten.returncode != 0 and "are in a cluster" in forgotten.stderr, f"a start without the profile is refused: {forgotten.stderr}")
    up(first)
    wait_until("all parts run again", lambda: all_running(first))

    # The API server dies and comes back: what runs goes on, and what was declared meanwhile comes about.
    before = servers()
    expect(len(before) == 1, f"one model server: {before}")
    subprocess.run([os.path.join(HERE, "kill"), cluster], check=True)
    time.sleep(3)
    expect(servers() == before, "the model server goes on without an API server")
    refused = run("apply", "-f", model, "--data", first, check=False)
    expect(refused.returncode != 0 and "cannot connect" in refused.stderr, f"apply says what is missing: {refused.stderr}")
    subprocess.run([os.path.join(HERE, "up"), cluster], check=True, stdout=subprocess.DEVNULL)
    with open(model, "a", encoding="utf-8") as file:
        file.write(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: after, namespace: {shop}}}\ndata: {{a: b}}\n")
    wait_until("it takes objects again", lambda: run("apply", "-f", model, "--data", first, check=False).returncode == 0, 30)
    expect(servers() == before, "the same model server goes on")

    # One that hangs costs the lead, and nothing else: it comes back with the server.
    apiserver = pid_in(os.path.join(cluster, "kube-apiserver.pid"))
    kill(apiserver, signal.SIGSTOP)
    wait_until("the lead is lost", lambda: "its lease ran out" in parts(first)["control plane"].get("message", ""), 40)
    expect(servers() == before, "the model server goes on meanwhile")
    kill(apiserver, signal.SIGCONT)
    wait_until("it leads again", lambda: all_running(first), 60)
    expect(servers() == before, "the same model server goes on")

    # A second control plane waits, says for whom, and leads when the first one is gone.
    up(second)
    shown = parts(second)["control plane"]
    expect(shown["state"] == "Standby" and "leads over this cluster" in shown["message"], f"the second one waits: {shown}")
    refused = run("apply", "-f", model, "--data", second, check=False)
    expect(refused.returncode != 0 and "leads over this cluster" in refused.stderr, f"and writes nothing: {refused.stderr}")
    expect(is_ready(second), "and reads")
    killed = time.monotonic()
    kill(pid_of(first))
    wait_until("the second one leads", lambda: parts(second)["control plane"]["state"] == "Running", 60)
    print(f"the second control plane leads {time.monotonic() - killed:.1f} s after the first was killed")
    wait_until("its own parts run", lambda: all_running(second))
    expect(servers() == before, "the first one's model server goes on")

    run("down", "--data", second)
    run("down", "--data", first)
    expect(not processes_of(directory), f"nothing is left: {processes_of(directory)}")
    print("ended well")
finally:
    for data in (first, second):
        run("down", "--data", data, check=False)
    remove(directory)
