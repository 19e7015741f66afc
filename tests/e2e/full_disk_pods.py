"""Pods on a disk that fills up: their programs go on, how they end is known, the Node says that its disk is full, and everything goes on when there is room.
Needs a small file system of its own, as full_disk.py does.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import Platform, expect, kill, processes_of, remove, run, scratch, wait_until  # noqa: E402

if "--inside" not in sys.argv:
    inside = ["unshare", "--mount", "--map-root-user", sys.executable, os.path.abspath(__file__), "--inside"]
    probe = subprocess.run([*inside[:3], "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"skipped: no mount namespace can be made here: {probe.stderr.strip()}")
        sys.exit(0)
    sys.exit(subprocess.run(inside).returncode)

PODS = "/api/v1/namespaces/default/pods"
directory = scratch()
data = os.path.join(directory, "data")
ballast = os.path.join(data, "ballast")
os.makedirs(data)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", data], check=True)
platform = Platform(data)


def create(name, script):
    main = {"name": "main", "image": "none", "command": ["/bin/bash", "-c", script]}
    spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1, "containers": [main]}
    platform.ask("POST", PODS, {"metadata": {"name": name}, "spec": spec})


def status(name):
    return platform.ask("GET", f"{PODS}/{name}")["status"]


def state(name, kind):
    return status(name).get("containerStatuses", [{}])[0].get("state", {}).get(kind)


def pressure():
    node = platform.ask("GET", "/api/v1/nodes")["items"][0]
    return {c["type"]: c["status"] for c in node["status"]["conditions"]}.get("DiskPressure")


def fill(but_for):
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            file.truncate(max(file.tell() - but_for, 0))


def go(name):
    with open(os.path.join(directory, name), "w", encoding="utf-8"):
        pass


def waits_for(name):
    return f"until test -e {directory}/{name}; do sleep 0.05; done; "


try:
    platform.up()
    wait_until("there is no pressure at first", lambda: pressure() == "False")
    create("talker", waits_for("talk") + "for i in $(seq 300); do head -c 20000 /dev/zero | tr '\\0' x; echo; done; echo said; "
           + waits_for("more") + "echo more; exit 0")
    create("ender", waits_for("end") + "exit 7")
    wait_until("both run", lambda: state("talker", "running") and state("ender", "running"))
    fill(1024 * 1024)
    wait_until("the Node says that its disk is full", lambda: pressure() == "True", 30)
    create("late", "exit 0")
    fill(0)
    go("talk")
    go("end")
    time.sleep(2)  # for logs and ends that find no room
    expect(state("talker", "running"), "a program whose log finds no room goes on")
    for pid in (platform.pid(),):
        expect(kill(pid, 0), "the control plane is there")
    os.remove(ballast)
    end = wait_until("how it ended is known when there is room", lambda: state("ender", "terminated"))
    expect(end["exitCode"] == 7, f"and it is what happened: {end}")
    go("more")
    end = wait_until("the talker ends", lambda: state("talker", "terminated"))
    expect(end["exitCode"] == 0, f"well: {end}")
    log = platform.ask("GET", f"{PODS}/talker/log").split("\n")
    expect(log[-2:] == ["more", ""], f"what it says when there is room is in its log: {[line[:20] for line in log[-3:]]}")
    expect(all(set(line) <= {"x"} or line in ("said", "more") for line in log), "and no line is torn")
    wait_until("the Node says so", lambda: pressure() == "False", 30)
    wait_until("who waited has come", lambda: status("late").get("phase") == "Succeeded", 30)
    events = platform.ask("GET", "/api/v1/namespaces/default/events")["items"]
    reasons = {event["reason"] for event in events}
    expect({"NodeHasDiskPressure", "NodeHasNoDiskPressure"} <= reasons, f"Events tell of both: {reasons}")
finally:
    if os.path.exists(ballast):
        os.remove(ballast)
    run("down", "--data", data, check=False)
    for pid in processes_of(data):
        kill(pid)
    subprocess.run(["umount", "--lazy", data])
    remove(directory)
