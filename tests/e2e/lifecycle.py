"""up, status, down; kill -9 and adoption; what is left on disk and in memory."""

import json
import os
import stat
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from support import endpoints, expect, get, kill, processes_of, remove, resident_kib, run, scratch, wait_until  # noqa: E402

directory = scratch()
data = os.path.join(directory, "data")


def pid_of():
    with open(os.path.join(data, "slipway.pid"), encoding="utf-8") as file:
        return int(file.read())


def parts():
    return {p["name"]: p for p in json.loads(run("status", "--data", data, "-o", "json", check=False).stdout)["parts"]}


def all_running():
    return all(p["state"] == "Running" for p in parts().values())


try:
    expect(run("status", "--data", data, check=False).returncode == 4, "status without a platform is exit code 4")
    started = time.monotonic()
    run("up", "--detach", "--data", data, "--runtime", "sim")
    print(f"up --detach answered after {time.monotonic() - started:.2f} s")
    wait_until("all parts run", all_running)
    faces = endpoints(data)
    for face in ["api", "registry", "kfp", "gateway", "prometheus", "ui"]:
        expect(face in faces, f"endpoints.json names {face}")
        expect(faces[face].startswith("http://127.0.0.1:"), f"{face} is on loopback")
    expect("<title>Slipway</title>" in get(faces["ui"]), "the page, for a client without gzip too")
    for secret in ["tokens/default", "audit.key", "kubeconfig", "slipway.db"]:
        mode = stat.S_IMODE(os.stat(os.path.join(data, secret)).st_mode)
        expect(mode & 0o077 == 0, f"{secret} is readable by its owner alone, not {oct(mode)}")
    with open(os.path.join(data, "tokens/default"), encoding="utf-8") as file:
        secret = file.read().strip()
    expect(not any(secret in line for line in processes_of("slipway").values()), "no token in any argv")
    expect(run("up", "--data", data, "--runtime", "sim", check=False).returncode == 3, "a second platform over the same data is refused")

    # Memory of the idle platform.
    time.sleep(2)
    running = processes_of(data)
    control = resident_kib(pid_of())
    total = sum(resident_kib(pid) for pid in running)
    print(f"control plane {control / 1024:.1f} MiB, whole idle platform {total / 1024:.1f} MiB in {len(running)} processes")
    expect(control < 40 * 1024, "the control plane takes less than 40 MB")
    expect(total < 150 * 1024, "the idle platform takes less than 150 MB")

    # Killed and started again: the same gateway and Prometheus go on.
    before = {name: p.get("pid") for name, p in parts().items() if name != "control plane"}
    kill(pid_of())
    expect(run("status", "--data", data, check=False).returncode == 4, "status of a dead control plane is exit code 4")
    run("up", "--detach", "--data", data, "--runtime", "sim")
    wait_until("all parts run again", all_running)
    after = {name: p.get("pid") for name, p in parts().items() if name != "control plane"}
    expect(before == after and all(before.values()), f"gateway and Prometheus were adopted: {before} {after}")

    # A dead gateway comes back.
    kill(after["gateway"])
    wait_until("the gateway is restarted", lambda: parts()["gateway"].get("pid") not in (None, after["gateway"]) and all_running())

    # down stops everything, also when the control plane is dead.
    kill(pid_of())
    time.sleep(0.3)
    run("down", "--data", data)
    wait_until("nothing is left", lambda: not processes_of(data), 20)
    run("up", "--detach", "--data", data, "--runtime", "sim")
    wait_until("all parts run once more", all_running)
    expect(json.loads(run("audit", "--verify", "--data", data, "-o", "json").stdout)["entries"] > 0, "the audit log is whole")
    run("down", "--data", data)
    wait_until("nothing is left at the end", lambda: not processes_of(data), 20)
    expect(not os.path.exists(os.path.join(data, "endpoints.json")), "endpoints.json goes with the platform")
    print("lifecycle: as it should be")
finally:
    run("down", "--data", data, check=False)
    remove(directory)
