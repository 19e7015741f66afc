"""Kills parts of a running demo with -9 at random moments: control plane, gateway, shims, model servers, Prometheus. The story
must still end with the right version serving, every acknowledged change on record, and an audit log that is whole. Where an
outage spoils a step (an evaluation, a canary that lost its model server), its people do what people do: they ask again, which
the story's --tolerate-outages plays. The seed is printed and replays the choice of victims (not the machine's timing).
Usage: demo.py [--kills N] [--seed S]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
from support import SLIPWAY, expect, family_of, kill, parent_of, processes_of, remove, run, scratch  # noqa: E402


def kind_of(line):
    """Which part of the platform a command line is; None for what the team runs."""
    for word, kind in [(" shim ", "shim"), (" gateway ", "gateway"), ("prometheus ", "prometheus"), (" model-server ", "model server"), ("llama_server", "model server"), (" up ", "control plane")]:
        if word in line:
            return kind
    return None


def victims(directory):
    by_kind = {}
    for pid, line in family_of(directory).items():
        kind = kind_of(line)
        if " demo " not in line and kind is not None:
            by_kind.setdefault(kind, []).append((pid, line))
    return by_kind


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--runtime", default="sim")
    parser.add_argument("--limit", type=float, default=600, help="seconds until the story counts as stuck")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)

    directory = scratch()
    record = os.path.join(directory, "events.jsonl")
    demo = subprocess.Popen([SLIPWAY, "demo", "--runtime", options.runtime, "--tolerate-outages", "--keep", "--record", record],
                            stdout=open(os.path.join(directory, "out"), "w"), stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": directory})
    killed = []
    began = time.monotonic()
    time.sleep(2)
    while demo.poll() is None and time.monotonic() - began < options.limit:
        time.sleep(chance.uniform(0.5, 4.5))
        if len(killed) >= options.kills or demo.poll() is not None:
            continue
        by_kind = victims(directory)
        if not by_kind:
            continue
        kind = chance.choice(sorted(by_kind))
        pid, line = chance.choice(sorted(by_kind[kind]))
        if kill(pid):
            killed.append(kind)
            print(f"killed {kind} {pid}: {line[:110]}", flush=True)
    with open(os.path.join(directory, "out"), encoding="utf-8") as file:
        print(file.read()[-6000:])
    data = next((os.path.join(directory, name, "data") for name in os.listdir(directory) if name.startswith("slipway-demo")), None)
    try:
        if demo.returncode != 0 and data:  # what a person would look at
            for kind in ("promotions", "rollouts", "analysisruns", "pods"):
                print(f"--- {kind}", run("get", kind, "--data", data, "-o", "yaml" if kind != "pods" else "table", check=False).stdout[-9000:])
            with open(os.path.join(os.path.dirname(data), "platform.log"), encoding="utf-8") as file:
                print("--- platform.log", file.read()[-6000:])
        expect(demo.returncode == 0, f"the story ends with the right version serving (exit code {demo.returncode}, seed {options.seed})")
        expect(data is not None, "the platform was kept")
        audit = json.loads(run("audit", "--verify", "--data", data, "-o", "json").stdout)
        history = json.loads(run("history", "production", "--data", data, "-o", "json").stdout)
        outcomes = {version: [entry["outcome"] for entry in history if entry["version"] == version] for version in ("v1", "v2")}
        # An outage may have cost v1 an attempt: what was killed cannot be told from what is bad.
        expect("Succeeded" in outcomes["v1"] and "RolledBack" in outcomes["v2"] and "Succeeded" not in outcomes["v2"],
               f"the history says what happened: {outcomes}")
        print(f"{len(killed)} kills ({', '.join(sorted(set(killed)))}), {audit['entries']} audit entries, all whole")
    finally:
        if data:
            run("down", "--data", data, check=False)
        left = processes_of(directory)
        for pid in left:
            kill(pid)
        remove(directory)
    expect(not left, f"no process left behind: {left}")


main()
