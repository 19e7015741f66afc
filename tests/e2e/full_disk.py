"""A platform whose disk fills up: refusals say so, nothing acknowledged is lost, and it goes on when there is room again.
Needs a small file system of its own: a tmpfs in a mount namespace (`unshare`), which plain users may have too.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from support import expect, kill, processes_of, remove, run, scratch, wait_until  # noqa: E402

if "--inside" not in sys.argv:
    inside = ["unshare", "--mount", "--map-root-user", sys.executable, os.path.abspath(__file__), "--inside"]
    probe = subprocess.run(inside[:3] + ["true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"skipped: no mount namespace can be made here: {probe.stderr.strip()}")
        sys.exit(0)
    sys.exit(subprocess.run(inside).returncode)

directory = scratch()
data = os.path.join(directory, "data")
os.makedirs(data)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", data], check=True)


def fill():
    with open(os.path.join(data, "ballast"), "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(file.tell() - 768 * 1024)  # a little room: some changes still fit


def config_map(name, size=10):
    path = os.path.join(directory, f"{name}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"text": "x" * size}}, file)
    return path


def names():
    found = json.loads(run("get", "configmaps", "-n", "default", "--data", data, "-o", "json").stdout)["items"]
    return {m["metadata"]["name"] for m in found} - {"kube-root-ca.crt"}  # which every namespace has


try:
    run("up", "--detach", "--data", data, "--runtime", "sim")
    run("apply", "--data", data, "-f", config_map("before"))
    fill()
    acknowledged, refused = {"before"}, []
    for number in range(300):
        name = f"while-full-{number}"
        done = run("apply", "--data", data, "-f", config_map(name, 20000), check=False)
        if done.returncode == 0:
            acknowledged.add(name)
        else:
            refused.append(done)
            if len(refused) == 5:
                break
    expect(refused, "a full disk refuses changes")
    for done in refused:
        said = done.stderr.lower()
        expect("full" in said or "no space" in said, f"the refusal says what is wrong: {done.stderr}")
    expect(names() == acknowledged, "what was acknowledged is there, and nothing that was refused")
    expect(run("status", "--data", data, check=False).returncode in (0, 1), "it still answers")
    with open(os.path.join(data, "slipway.pid"), encoding="utf-8") as file:
        kill(int(file.read()))
    os.remove(os.path.join(data, "ballast"))
    run("up", "--detach", "--data", data, "--runtime", "sim")
    expect(names() == acknowledged, "after a kill -9 too")
    run("apply", "--data", data, "-f", config_map("after"))
    expect(names() == acknowledged | {"after"}, "and with room again it goes on")
    audit = run("audit", "--verify", "--data", data)
    print(audit.stdout, f"{len(acknowledged)} acknowledged, {len(refused)} refused")
finally:
    run("down", "--data", data, check=False)
    for pid in processes_of(data):
        kill(pid)
    subprocess.run(["umount", "--lazy", data])
    remove(directory)
