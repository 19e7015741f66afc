"""kill -9 of the control plane, again and again, during rolling updates, Jobs and probes, and of shims and programs at random: no program runs twice,
no exit code is lost, no log has a gap, everything comes to what was asked for, and nothing is left behind.

    python3 tests/crash/pods.py [--rounds N] [--seed N]
"""

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from support import ROOT, Platform, expect, kill, processes_of, remove, run, scratch, wait_until  # noqa: E402

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments"
JOBS = "/apis/batch/v1/namespaces/default/jobs"

# Says that it runs, and finds out whether another of the same Pod does: each holds a lock for as long as it lives.
PROLOGUE = 'exec 9>>"{marks}/$POD.lock"; flock -n 9 || echo "$POD" >> "{marks}/twice"; echo "$POD" >> "{marks}/started"; '
SERVER = PROLOGUE + 'trap "exit 0" TERM; while :; do sleep 0.05; done'
# One in eight fails (the Job waits 10 s then); what each ends with is written down first.
WORKER = PROLOGUE + 'sleep 0.4; code=$(( $(echo "$POD" | cksum | cut -d" " -f1) % 8 ? 0 : 3 )); echo $code > "{marks}/$POD.code"; exit $code'
TICKER = PROLOGUE + 'i=0; while :; do i=$((i + 1)); echo "tick $i"; sleep 0.02; done'


def container(script, marks, **more):
    pod_name = {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    return {"name": "main", "image": "none", "command": ["/bin/sh", "-c", script.replace("{marks}", marks)], "env": [pod_name], **more}


def make_servers(platform, marks):
    probe = {"exec": {"command": ["/bin/true"]}, "periodSeconds": 1}
    spec = {"containers": [container(SERVER, marks, readinessProbe=probe, livenessProbe=probe)], "terminationGracePeriodSeconds": 2}
    template = {"metadata": {"labels": {"app": "servers"}}, "spec": spec}
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "servers"}}, "strategy": strategy, "template": template}
    platform.ask("POST", DEPLOYMENT, {"metadata": {"name": "servers"}, "spec": spec})


def make_job(platform, marks, number):
    template = {"spec": {"containers": [container(WORKER, marks)], "restartPolicy": "Never"}}
    spec = {"completions": 3, "parallelism": 2, "backoffLimit": 50, "template": template}
    platform.ask("POST", JOBS, {"metadata": {"name": f"work-{number}"}, "spec": spec})


def roll(platform, number):
    change = {"spec": {"template": {"metadata": {"annotations": {"round": str(number)}}}}}
    platform.ask("PATCH", DEPLOYMENT + "/servers", change, "application/strategic-merge-patch+json")


def victims(platform, marks, ticker):
    """{pid: Pod uid} of shims, and the pids of programs; the ticker is left alone."""
    shims = {}
    for pid, line in processes_of(platform.data + "/pods/").items():
        found = re.search(r"--dir \S+/pods/([^/]+)/main\.", line)
        if found and found.group(1) != ticker:
            shims[pid] = found.group(1)
    programs = [pid for pid, line in processes_of(marks).items() if "tick" not in line]
    return shims, programs


def is_settled(platform):
    status = platform.ask("GET", DEPLOYMENT + "/servers")
    wanted = status["metadata"]["generation"], 3, 3, 3
    now = status["status"]
    if (now.get("observedGeneration"), now.get("updatedReplicas"), now.get("availableReplicas"), now.get("replicas")) != wanted:
        return False
    jobs = platform.ask("GET", JOBS)["items"]
    return all(any(c["type"] == "Complete" and c["status"] == "True" for c in job["status"].get("conditions", [])) for job in jobs)


def show(platform):
    for path in (DEPLOYMENT, JOBS, PODS):
        for item in platform.ask("GET", path)["items"]:
            print(item["metadata"]["name"], json.dumps(item["status"]))


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def check_exit_codes(pods, marks, shim_was_killed, program_was_killed):
    seen = 0
    for pod in pods:
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        if not name.startswith("work-"):
            continue
        ended = pod["status"]["containerStatuses"][0]["state"].get("terminated")
        expect(ended, f"{name} has ended: {pod['status']}")
        wrote = read(f"{marks}/{name}.code").strip()
        if ended.get("reason") == "ShimLost":
            expect(uid in shim_was_killed, f"the shim of {name} was killed, or its exit code is known: {ended}")
        elif ended["exitCode"] == 137:
            expect(program_was_killed, f"{name} was killed by somebody: {ended}")
        else:
            expect(wrote == str(ended["exitCode"]), f"{name} ended with {wrote}, and its status says {ended}")
            seen += 1
    return seen


def check_jobs(platform, pods):
    for job in platform.ask("GET", JOBS)["items"]:
        own = [pod for pod in pods if pod["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]]
        phases = [pod["status"]["phase"] for pod in own]
        counted = job["status"].get("succeeded", 0), job["status"].get("failed", 0)
        expect(counted == (phases.count("Succeeded"), phases.count("Failed")), f"{job['metadata']['name']} counted {counted} of {phases}")
        expect(phases.count("Succeeded") == 3, f"{job['metadata']['name']} has what was asked for: {phases}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    directory = scratch()
    marks = tempfile.mkdtemp(prefix="pods-", dir=os.path.join(ROOT, "build"))  # a Pod may have a /tmp of its own
    platform = Platform(os.path.join(directory, "data"))
    shim_was_killed, program_was_killed = set(), 0
    try:
        platform.up()
        make_servers(platform, marks)
        ticker = platform.ask("POST", PODS, {"metadata": {"name": "ticker"}, "spec": {"containers": [container(TICKER, marks)]}})["metadata"]["uid"]
        wait_until("the ticker ticks", lambda: "ticker" in read(f"{marks}/started"))
        for number in range(options.rounds):
            make_job(platform, marks, number)
            if number % 2 == 0:
                roll(platform, number)
            time.sleep(chance.uniform(0.2, 1.2))
            expect(kill(platform.pid()), "the control plane runs")
            shims, programs = victims(platform, marks, ticker)
            if shims and chance.random() < 0.3:
                pid = chance.choice(sorted(shims))
                shim_was_killed.add(shims[pid])
                kill(pid)
            if programs and chance.random() < 0.3:
                program_was_killed += kill(chance.choice(sorted(programs)))
            if chance.random() < 0.3:
                time.sleep(chance.uniform(0, 1))
            platform.up()
        try:
            wait_until("everything is as asked for", lambda: is_settled(platform), 330)  # a Job waits 10 s, 20 s, 40 s, ... after failures
        except SystemExit:
            show(platform)
            raise

        expect(not read(f"{marks}/twice"), f"no program ran beside itself: {read(marks + '/twice')}")
        pods = platform.ask("GET", PODS)["items"]
        starts = read(f"{marks}/started").split()
        for pod in pods:
            name = pod["metadata"]["name"]
            restarts = pod["status"]["containerStatuses"][0]["restartCount"]
            expect(starts.count(name) <= restarts + 1, f"{name} was started {starts.count(name)} times, and has {restarts} restarts")
        seen = check_exit_codes(pods, marks, shim_was_killed, program_was_killed)
        check_jobs(platform, [pod for pod in pods if pod["metadata"]["name"].startswith("work-")])
        ticks = platform.ask("GET", PODS + "/ticker/log").split("\n")[:-1]
        expect(ticks == [f"tick {i + 1}" for i in range(len(ticks))], "the log of the ticker has no gap and nothing twice")
        expect(starts.count("ticker") == 1, "the ticker was started once")
        print(f"{options.rounds} control planes, {len(shim_was_killed)} shims and {program_was_killed} programs killed: {len(starts)} starts, {seen} exit codes, {len(ticks)} lines")
        run("down", "--data", platform.data)
        wait_until("nothing is left behind", lambda: not processes_of(marks), 10)
    except BaseException:
        run("down", "--data", platform.data, check=False)
        print(f"again with: --seed {options.seed} --rounds {options.rounds}")
        raise
    finally:
        for pid in processes_of(marks):
            kill(pid)
        remove(directory)
        shutil.rmtree(marks, ignore_errors=True)


main()
