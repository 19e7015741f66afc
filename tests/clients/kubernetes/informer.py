"""A shared informer of client-go across crashes of the server. Usage: informer.py INFORMER KUBECONFIG START_COMMAND PID_FILE [WRITES] [KILLS]
While objects are written, the server (the process that PID_FILE names) is killed with -9 and started again by START_COMMAND, KILLS
times. Whatever was acknowledged must be there at the end, and the informer must have been told of it: the last state of every object
that is, and the end of every object that is not, without an object going back in its versions."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

NAMESPACE = "default"
PREFIX = f"informed-{os.getpid()}-"


class Writer(threading.Thread):
    """Creates, changes and deletes config maps; `kept` is what the server has acknowledged (None: deleted). A write without an answer
    is asked about when the server is back, since it may or may not have happened."""

    def __init__(self, api, count, seed):
        super().__init__(daemon=True)
        self.core, self.count, self.random = client.CoreV1Api(api), count, random.Random(seed)
        self.kept, self.writes, self.failures, self.done = {}, 0, 0, False

    def run(self):
        number = 0
        while self.writes < self.count:
            living = [name for name, state in self.kept.items() if state]
            what = self.random.choice(["create", "change", "change", "delete"]) if len(living) > 5 else "create"
            name = f"{PREFIX}{number}" if what == "create" else self.random.choice(living)
            number += what == "create"
            try:
                self.write(what, name)
                self.writes += 1
            except (ApiException, urllib3.exceptions.HTTPError, OSError):
                self.failures += 1
                self.ask(name)
        self.done = True

    def write(self, what, name):
        if what == "create":
            made = self.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": name, "annotations": {"round": "0"}}})
            self.kept[name] = made.metadata.resource_version
        elif what == "change":
            changed = self.core.patch_namespaced_config_map(name, NAMESPACE, {"metadata": {"annotations": {"round": str(self.writes)}}})
            self.kept[name] = changed.metadata.resource_version
        else:
            self.core.delete_namespaced_config_map(name, NAMESPACE)
            self.kept[name] = None

    def ask(self, name):
        for _ in range(1200):
            try:
                self.kept[name] = self.core.read_namespaced_config_map(name, NAMESPACE).metadata.resource_version
                return
            except ApiException as error:
                if error.status == 404:
                    self.kept[name] = None
                    return
            except (urllib3.exceptions.HTTPError, OSError):
                pass
            time.sleep(0.1)
        raise SystemExit("the server does not come back")


def told(lines):
    """What the informer's lines come to: name to version, or None when it was deleted; and what is odd about them."""
    state, odd = {}, []
    for line in lines:
        if not line.get("name", "").startswith(PREFIX):
            continue
        name, version = line["name"], int(line["resourceVersion"])
        before = state.get(name)
        if line["type"] == "DELETED":
            state[name] = None
            continue
        if before is not None and version < before:
            odd.append(f"{name} went back from version {before} to {version}")
        if line["type"] == "ADDED" and before is not None or line["type"] == "MODIFIED" and before is None:
            odd.append(f"{name}: {line['type']} when it was {'there' if before else 'not there'}")
        state[name] = version
    return state, odd


def kill_server(pid_file):
    """kill -9, and until it is dead: gone, or a zombie that nobody has asked after."""
    with open(pid_file, encoding="utf-8") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGKILL)
    for _ in range(1000):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().rsplit(")", 1)[1].split()[0] in "ZX":
                    return
        except OSError:
            return
        time.sleep(0.01)


def main():
    informer, kubeconfig, start, pid_file = sys.argv[1:5]
    writes, kills = int(sys.argv[5]) if len(sys.argv) > 5 else 500, int(sys.argv[6]) if len(sys.argv) > 6 else 3
    seed = int(os.environ.get("SLIPWAY_SEED", "7"))
    urllib3.disable_warnings()
    config.load_kube_config(kubeconfig)
    configuration = client.Configuration.get_default_copy()
    configuration.retries = False
    api = client.ApiClient(configuration)
    lines = []
    process = subprocess.Popen([informer, kubeconfig, "v1/configmaps", NAMESPACE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    threading.Thread(target=lambda: lines.extend(json.loads(line) for line in process.stdout), daemon=True).start()
    writer = Writer(api, writes, seed)
    writer.start()
    for kill in range(kills):
        while writer.writes < writes * (kill + 1) // (kills + 1):
            time.sleep(0.01)
        kill_server(pid_file)
        print(f"kill -9 after {writer.writes} writes", flush=True)
        if subprocess.run(start, shell=True, check=False, stdout=subprocess.DEVNULL).returncode:
            process.kill()
            raise SystemExit("the server is not to be started again")
    writer.join()
    wanted = {name: int(version) if version else None for name, version in writer.kept.items()}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state, odd = told(list(lines))
        missing = {name: (version, state.get(name)) for name, version in wanted.items() if state.get(name) != version}
        if not missing:
            break
        time.sleep(0.2)
    process.stdin.close()
    process.wait(timeout=10)
    there = {item.metadata.name: int(item.metadata.resource_version) for item in client.CoreV1Api(api).list_namespaced_config_map(NAMESPACE).items if item.metadata.name.startswith(PREFIX)}
    lost = {name for name, version in wanted.items() if there.get(name) != version} | set(there) - set(wanted)
    for name in there:
        client.CoreV1Api(api).delete_namespaced_config_map(name, NAMESPACE)
    errors = sum(line["type"] == "ERROR" for line in lines)
    print(f"{writer.writes} writes, {writer.failures} without an answer; {len(there)} objects at the end, {len(wanted) - len(there)} deleted; "
          f"the informer was told {len(lines) - errors} things and met {errors} errors; seed {seed}")
    for problem in [f"lost: {name}" for name in sorted(lost)] + [f"not told: {name} is {w}, told {t}" for name, (w, t) in missing.items()] + odd:
        print(problem)
    return 1 if lost or missing or odd else 0


if __name__ == "__main__":
    sys.exit(main())
