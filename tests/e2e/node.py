"""Pods that behave badly, on the real machine: what the node does about each, and that nothing of them is left. As who runs it; a plain user by
`--plain`, which root may ask for.
"""

import glob
import json
import os
import socket
import sys
import tempfile
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import Platform, again_as_plain_user, endpoints, expect, kill, processes_of, remove, resident_kib, run, wait_until  # noqa: E402

if "--plain" in sys.argv:
    again_as_plain_user(os.path.abspath(__file__))

PODS = "/api/v1/namespaces/default/pods"
IS_ROOT = os.geteuid() == 0
LOG_LIMIT = 10 * 1024 * 1024  # bytes of each of the two files
KNOWN = set()  # Pods that were made


def create(name, script=None, *, command=None, container=None, **spec):
    command = command or ["/bin/bash", "-c", script.replace("{marks}", marks)]
    main = {"name": "main", "image": "none", "command": command, **(container or {})}
    spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [main], **spec}
    KNOWN.add(platform.ask("POST", PODS, {"metadata": {"name": name}, "spec": spec})["metadata"]["uid"])


def pod(name):
    return platform.ask("GET", f"{PODS}/{name}")


def state(name, kind):
    statuses = pod(name)["status"].get("containerStatuses", [{}])
    return statuses[0].get("state", {}).get(kind)


def ended(name, seconds=60):
    return wait_until(f"{name} has ended", lambda: state(name, "terminated"), seconds)


def runs(name):
    wait_until(f"{name} runs", lambda: state(name, "running"))


def events_of(name):
    items = platform.ask("GET", "/api/v1/namespaces/default/events")["items"]
    return " | ".join(f"{e['reason']}: {e['message']}" for e in items if e["involvedObject"].get("name") == name)


def delete(name):
    platform.ask("DELETE", f"{PODS}/{name}")


def is_gone(name):
    return all(item["metadata"]["name"] != name for item in platform.ask("GET", PODS)["items"])


def mark(name):
    try:
        with open(os.path.join(marks, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def log_files(name):
    found = glob.glob(f"{platform.data}/pods/{pod(name)['metadata']['uid']}/main.*/log*")
    return {path: os.path.getsize(path) for path in found}


def shim_of(name):
    needle = f"/pods/{pod(name)['metadata']['uid']}/main."
    return next(pid for pid, line in processes_of(needle).items() if "--dir" in line)


def follow_slowly(name):
    """A reader of a followed log who takes little at a time: the open connection."""
    with open(os.path.join(platform.data, "kubeconfig"), encoding="utf-8") as file:
        token = file.read().split("token:")[1].split()[0].strip('"')
    parts = urlsplit(endpoints(platform.data)["api"])
    connection = socket.create_connection((parts.hostname, parts.port))
    connection.sendall(f"GET {PODS}/{name}/log?follow=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    connection.recv(1024)
    return connection


def a_log_that_floods_stays_small():
    before = resident_kib(platform.pid())
    create("flood", "exec yes 'the quick brown fox jumps over the lazy dog'")
    wait_until("the log was rotated", lambda: len(log_files("flood")) == 2)
    reader = follow_slowly("flood")
    for _ in range(15):
        expect(sum(log_files("flood").values()) <= 2 * LOG_LIMIT + 512 * 1024, f"its log is bounded: {log_files('flood')}")
        expect(resident_kib(shim_of("flood")) < 16 * 1024, "its shim stays small")
        reader.recv(512)
        started = time.monotonic()
        pod("flood")
        expect(time.monotonic() - started < 5, "the control plane answers meanwhile")
        time.sleep(0.1)
    grown = resident_kib(platform.pid()) - before
    expect(grown < 300 * 1024, f"the control plane stays small while somebody reads slowly: {grown} KiB more")
    reader.close()
    delete("flood")
    wait_until("the flood is over", lambda: is_gone("flood"))


def a_line_without_an_end_and_garbage():
    create("endless", "head -c 200000000 /dev/zero | tr '\\0' x; echo; echo over")
    create("garbage", "head -c 300000 /dev/urandom; echo; echo over")
    for name in ("endless", "garbage"):
        expect(ended(name)["exitCode"] == 0, f"{name} ends well")
        expect(platform.ask("GET", f"{PODS}/{name}/log?tailLines=1").strip().endswith("over"), f"the last line of {name} is there")
    expect(sum(log_files("endless").values()) <= 2 * LOG_LIMIT + 512 * 1024, "a line of 200 MB takes no more than any log")
    expect(len(platform.ask("GET", f"{PODS}/garbage/log")) > 100000, "what is no text is there, too")


def who_does_not_want_to_end_is_ended():
    daemon = "(setsid bash -c 'trap \"\" TERM HUP; while :; do sleep 0.1; done' {marks}/daemon &) ; "
    create("deaf", "trap '' TERM; " + daemon + "while :; do sleep 0.1; done", terminationGracePeriodSeconds=1)
    runs("deaf")
    wait_until("its daemon runs", lambda: processes_of(f"{marks}/daemon"))
    create("stuck", "while :; do sleep 0.1; done", terminationGracePeriodSeconds=2,
           container={"lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", f"sleep 1000 {marks}/hook 2>/dev/null || sleep 1000"]}}}})
    runs("stuck")
    delete("deaf")
    delete("stuck")
    wait_until("who ignores SIGTERM is gone, and a preStop that hangs does not help", lambda: is_gone("deaf") and is_gone("stuck"), 20)
    expect(not processes_of(f"{marks}/daemon"), "so is its daemon")


def probes_that_hang_do_not_pile_up():
    probe = {"exec": {"command": ["/bin/bash", "-c", f"sleep 1000 & exec -a {marks}/probe sleep 1000"]}, "periodSeconds": 1, "timeoutSeconds": 1}
    create("probed", "while :; do sleep 0.1; done", container={"readinessProbe": probe}, terminationGracePeriodSeconds=1)
    runs("probed")
    most = 0
    for _ in range(40):
        most = max(most, len(processes_of(f"{marks}/probe")))
        time.sleep(0.1)
    expect(most == 1, f"there is one such command at a time: {most}")
    expect(not pod("probed")["status"]["containerStatuses"][0]["ready"], "it is not ready")
    delete("probed")
    wait_until("nothing of the probe is left", lambda: is_gone("probed") and not processes_of(f"{marks}/probe"))


def what_cannot_be_started_says_why():
    nothing = os.path.join(marks, "not-executable")
    with open(nothing, "w", encoding="utf-8") as file:
        file.write("data")
    create("no-program", command=["/no/such/program"])
    create("no-right", command=[nothing])
    create("a-directory", command=["/etc"])
    create("too-long", "true", container={"env": [{"name": "HUGE", "value": "x" * 200000}]})
    rows = {"no-program": "No such file", "no-right": "Permission denied", "a-directory": "Permission denied", "too-long": "Argument list too long"}
    for name, why in rows.items():
        end = ended(name)
        expect(end["reason"] == "StartError" and end["exitCode"] == 128 and why in end["message"], f"{name}: {why}: {end}")
        wait_until(f"an Event says so of {name}", lambda name=name, why=why: why in events_of(name))


def how_it_ended_is_told():
    create("crashed", "kill -SEGV $$$$")  # "$$" is one "$" in a command
    create("hungry", command=["python3", "-c", "import time; x = b'x' * (200 << 20); time.sleep(1000)"],
           container={"resources": {"limits": {"memory": "64Mi"}}}, terminationGracePeriodSeconds=1)
    end = ended("crashed")
    expect((end["exitCode"], end.get("signal")) == (139, 11), f"a crash is one: {end}")
    end = ended("hungry")
    expect((end["exitCode"], end["reason"]) == (137, "OOMKilled"), f"who takes too much memory is told: {end}")


def conditions():
    node = platform.ask("GET", "/api/v1/nodes")["items"][0]
    return {c["type"]: c for c in node["status"]["conditions"]}


def a_fork_bomb_stays_inside():
    limits = conditions()["slipway.dev/limits"]
    if limits["status"] != "True" or "processes" not in limits["message"]:
        print("  (no limit of processes here: no fork bomb)")
        return
    create("bomb", "bomb() { bomb {marks}/bomb | bomb {marks}/bomb & }; bomb; sleep 1000", terminationGracePeriodSeconds=1)
    create("seen", "cat /proc/self/cgroup > {marks}/main-groups; sleep 1000", terminationGracePeriodSeconds=1,
           container={"readinessProbe": {"exec": {"command": ["/bin/sh", "-c", f"cat /proc/self/cgroup > {marks}/probe-groups"]}, "periodSeconds": 1}})
    runs("bomb")
    uid = pod("bomb")["metadata"]["uid"]
    for _ in range(10):
        for path in glob.glob(f"/sys/fs/cgroup/pids/*/{uid}_main.0/pids.current") + glob.glob(f"/sys/fs/cgroup/*/{uid}_main.0/pids.current"):
            with open(path, encoding="utf-8") as file:
                expect(int(file.read()) <= 64, "a bomb has as many processes as it may")
        pod("bomb")
        time.sleep(0.1)
    wait_until("the probe was asked", lambda: mark("probe-groups") and mark("main-groups"))
    expect(mark("probe-groups") == mark("main-groups"), "a command beside a program is in its groups")
    delete("bomb")
    delete("seen")
    wait_until("the bomb is gone", lambda: is_gone("bomb") and is_gone("seen"), 20)
    wait_until("so are its groups", lambda: not glob.glob(f"/sys/fs/cgroup/*/*/{uid}_*"))


def a_shutdown_waits_for_what_was_promised():
    hook = {"preStop": {"exec": {"command": ["/bin/sh", "-c", f"sleep 1; echo hook >> {marks}/shutdown"]}}}
    create("promised", "trap 'sleep 0.5; echo term >> {marks}/shutdown; exit 0' TERM; while :; do sleep 0.1; done", terminationGracePeriodSeconds=20,
           container={"lifecycle": hook})
    runs("promised")
    run("down", "--data", platform.data)
    expect(mark("shutdown") == "hook\nterm\n", f"the hook, then the signal, then the end: {mark('shutdown')!r}")


marks = tempfile.mkdtemp(prefix="slipway-node-", dir="/var/tmp")
profile = os.path.join(marks, "profile.yaml")
with open(profile, "w", encoding="utf-8") as file:
    json.dump({"pods": {"podPidsLimit": 64}}, file)
platform = Platform(os.path.join(marks, "data"), "--profile", profile)
try:
    platform.up()
    for case in (a_log_that_floods_stays_small, a_line_without_an_end_and_garbage, who_does_not_want_to_end_is_ended, probes_that_hang_do_not_pile_up,
                 what_cannot_be_started_says_why, how_it_ended_is_told, a_fork_bomb_stays_inside, a_shutdown_waits_for_what_was_promised):
        began = time.monotonic()
        case()
        print(f"{case.__name__.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)
    left = {pid: line for uid in KNOWN for pid, line in processes_of(uid).items()}
    expect(not left, f"nothing is left: {left}")
finally:
    run("down", "--data", platform.data, check=False)
    for pid in processes_of(marks):
        kill(pid)
    remove(marks)
