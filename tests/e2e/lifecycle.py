"""up, status, down; kill -9 and adoption; what is left on disk and in memory."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from support import SLIPWAY, endpoints, expect, get, kill, processes_of, remove, resident_kib, run, scratch, wait_until  # noqa: E402

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
    run("up", "--detach", "--data", data, "--runtime", "sim", "--var", "FIRST=secret-value", "--var", "SECOND=old")
    print(f"up --detach answered after {time.monotonic() - started:.2f} s")
    wait_until("all parts run", all_running)
    faces = endpoints(data)
    for face in ["api", "registry", "kfp", "gateway", "prometheus", "ui"]:
        expect(face in faces, f"endpoints.json names {face}")
        expect(faces[face].startswith("http://127.0.0.1:"), f"{face} is on loopback")
    expect("<title>Slipway</title>" in get(faces["ui"]), "the page, for a client without gzip too")
    for secret in ["variables.json", "tokens/default", "audit.key", "kubeconfig", "slipway.db"]:
        mode = stat.S_IMODE(os.stat(os.path.join(data, secret)).st_mode)
        expect(mode & 0o077 == 0, f"{secret} is readable by its owner alone, not {oct(mode)}")
    with open(os.path.join(data, "tokens/default"), encoding="utf-8") as file:
        secret = file.read().strip()
    expect(not any(secret in line for line in processes_of("slipway").values()), "no token in any argv")
    expect(run("up", "--data", data, "--runtime", "sim", check=False).returncode == 3, "a second platform over the same data is refused")

    done = run("up", "--detach", "--data", data, "--runtime", "sim", "--var", "LATE=1", check=False)
    expect(done.returncode == 3 and "already runs" in done.stderr and "slipway down" in done.stderr and not done.stdout, f"a detached one too: {done}")

    # Memory of the idle platform.
    time.sleep(2)
    running = processes_of(data)
    control = resident_kib(pid_of())
    total = sum(resident_kib(pid) for pid in running)
    print(f"control plane {control / 1024:.1f} MiB, whole idle platform {total / 1024:.1f} MiB in {len(running)} processes")
    expect(control < 40 * 1024, "the control plane takes less than 40 MB")
    expect(total < 150 * 1024, "the idle platform takes less than 150 MB")

    # Killed and started again: variables are kept, and the same gateway and Prometheus go on.
    before = {name: p.get("pid") for name, p in parts().items() if name != "control plane"}
    kill(pid_of())
    expect(run("status", "--data", data, check=False).returncode == 4, "status of a dead control plane is exit code 4")
    run("up", "--detach", "--data", data, "--runtime", "sim", "--var", "SECOND=new")
    with open(os.path.join(data, "variables.json"), encoding="utf-8") as file:
        expect(json.load(file) == {"FIRST": "secret-value", "SECOND": "new"}, "later variables win by name, the others stay")
    shown = run("status", "--data", data, "-o", "json", check=False).stdout
    expect(json.loads(shown)["variables"] == ["FIRST", "SECOND"] and "secret-value" not in shown, "status lists the variables' names alone")
    wait_until("all parts run again", all_running)
    after = {name: p.get("pid") for name, p in parts().items() if name != "control plane"}
    expect(before == after and all(before.values()), f"gateway and Prometheus were adopted: {before} {after}")

    # A dead gateway comes back.
    kill(after["gateway"])
    wait_until("the gateway is restarted", lambda: parts()["gateway"].get("pid") not in (None, after["gateway"]) and all_running())

    # The control plane alone is stopped, for another version or another team: what it runs goes on.
    before = {name: p.get("pid") for name, p in parts().items() if name != "control plane"}
    done = run("down", "--data", data, "--keep-pods")
    expect("its Pods run on" in done.stdout and not os.path.exists(os.path.join(data, "slipway.pid")), f"down --keep-pods: {done}")
    expect(run("status", "--data", data, check=False).returncode == 4, "no control plane runs")
    expect(all(os.path.exists(f"/proc/{pid}") for pid in before.values()), "its Pods do")
    run("up", "--detach", "--data", data, "--runtime", "sim")
    wait_until("all parts run with a new control plane", all_running)
    after = {name: p.get("pid") for name, p in parts().items() if name != "control plane"}
    expect(before == after, f"they were adopted: {before} {after}")

    # One that was killed this instant may not be gone yet.
    kill(pid_of())
    run("up", "--detach", "--data", data, "--runtime", "sim")

    # down stops everything, also when the control plane is dead.
    kill(pid_of())
    run("down", "--data", data)
    wait_until("nothing is left", lambda: not processes_of(data), 20)
    run("up", "--detach", "--data", data, "--runtime", "sim")
    wait_until("all parts run once more", all_running)
    expect(json.loads(run("audit", "--verify", "--data", data, "-o", "json").stdout)["entries"] > 0, "the audit log is whole")
    run("down", "--data", data)
    wait_until("nothing is left at the end", lambda: not processes_of(data), 20)
    expect(not os.path.exists(os.path.join(data, "endpoints.json")), "endpoints.json goes with the platform")
    done = run("down", "--data", data)
    expect(done.stdout == f"nothing runs in {data}\n" and not done.stderr, f"down says that nothing runs: {done}")

    # A taken port: told before anything starts, and forgotten with the line of the profile.
    profile = os.path.join(directory, "profile.yaml")
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        for face in ["api", "gateway", "gatewayAdmin", "prometheus"]:
            with open(profile, "w", encoding="utf-8") as file:
                file.write(f"listen:\n  {face}: {port}\n")
            done = run("up", "--detach", "--data", data, "--runtime", "sim", "--profile", profile, check=False)
            lines = done.stderr.splitlines()
            expect(done.returncode == 4 and len(lines) == 1, f"one error for a taken {face}, exit code 4: {done}")
            expect(f"port {port} " in lines[0] and f"pid {os.getpid()}" in lines[0] and f"listen.{face} " in lines[0], f"it names port, holder and line: {lines[0]}")
        with open(os.path.join(data, "ports.json"), encoding="utf-8") as file:
            remembered = json.load(file)
        expect(port not in remembered.values(), "a failed start is not remembered")
        with open(os.path.join(data, "ports.json"), "w", encoding="utf-8") as file:
            json.dump({**remembered, "api": port}, file)
        done = run("up", "--detach", "--data", data, "--runtime", "sim")
        expect("warning" in done.stderr and str(port) in done.stderr, f"a remembered port that is taken is replaced: {done}")
        run("down", "--data", data)

    # Without a model server all the rest runs, and it is said.
    binary = os.path.join(directory, "alone", "bin", "slipway")
    os.makedirs(os.path.dirname(binary))
    shutil.copy(SLIPWAY, binary)
    path = [d for d in os.environ["PATH"].split(":") if not os.path.exists(os.path.join(d, "llama-server"))]
    without = {k: v for k, v in os.environ.items() if k != "SLIPWAY_PYTHON_ENV"} | {"PATH": ":".join(path)}
    up = [binary, "up", "--detach", "--data", data]
    done = subprocess.run([*up, "--runtime", "llama-server"], env=without, capture_output=True, text=True)
    expect(done.returncode == 3 and "no llama-server" in done.stderr, f"what is asked for and cannot be had is refused: {done}")
    done = subprocess.run(up, env=without, capture_output=True, text=True)
    warnings = [line for line in done.stderr.splitlines() if "model servers cannot be run" in line]
    expect(done.returncode == 0 and len(warnings) == 1 and "pip install" in warnings[0] and "--runtime sim" in warnings[0], f"what to do is said: {done}")
    run("down", "--data", data)

    # A part that does not come up says why.
    broken = os.path.join(directory, "broken-prometheus")
    with open(broken, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho no room for time series\nexit 7\n")
    os.chmod(broken, 0o755)
    with open(profile, "w", encoding="utf-8") as file:
        file.write(f"monitoring:\n  command: {broken}\n")
    run("up", "--detach", "--data", data, "--runtime", "sim", "--profile", profile)
    wait_until("status says why", lambda: "exit code 7: no room for time series" in run("status", "--data", data, check=False).stdout)
    run("down", "--data", data)
    with open(profile, "w", encoding="utf-8") as file:
        file.write("monitoring:\n  command: no-such-prometheus\n")
    done = run("up", "--detach", "--data", data, "--runtime", "sim", "--profile", profile, check=False)
    expect(done.returncode != 0 and "no-such-prometheus is not installed" in done.stderr and len(done.stderr.splitlines()) == 1, f"a missing program is told: {done}")
    wait_until("nothing is left of it", lambda: not processes_of(data), 20)
    print("lifecycle: as it should be")
finally:
    run("down", "--data", data, check=False)
    remove(directory)
