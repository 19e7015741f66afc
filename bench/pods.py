"""Pods of `slipway up` against the floor of this machine in the same run: starting and awaiting the same program without anything around it.
Usage: bench/pods.py [--pods N] [--jobs N] [--running N]. Lines: a Pod from create to running and from create to gone, short Jobs a second,
the control plane killed and started again with many Pods running, log lines a second through `logs -f`, what a shim weighs.
"""

import argparse
import http.client
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
from support import SLIPWAY, endpoints, processes_of, remove, resident_kib, run, scratch  # noqa: E402

PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"


def start(data):
    began = time.monotonic()
    process = subprocess.Popen([SLIPWAY, "up", "--data", data, "--profile", data + ".yaml", "--runtime", "sim"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(os.path.join(data, "slipway.pid")):
        time.sleep(0.001)
    return process, began


def connect(data):
    host, port = endpoints(data)["api"].removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.connect()
    with open(os.path.join(data, "kubeconfig"), encoding="utf-8") as config:
        connection.token = re.search(r"token: \"?([^\s\"]+)", config.read()).group(1)
    return connection


def ask(connection, method, path, body=None):
    connection.request(method, path, body, {"Content-Type": "application/json", "Authorization": "Bearer " + connection.token})


def call(connection, method, path, body=None):
    ask(connection, method, path, json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
    return json.loads(text)


class Watch(threading.Thread):
    """Notes when each object of a path first met `is_there`, and when it went."""

    def __init__(self, data, path, is_there):
        super().__init__(daemon=True)
        self.connection = connect(data)
        ask(self.connection, "GET", path + "?watch=true")
        self.answer = self.connection.getresponse()
        self.is_there, self.there, self.gone = is_there, {}, {}
        self.changed = threading.Condition()
        self.start()

    def run(self):
        try:
            while line := self.answer.readline():
                now = time.monotonic()
                event = json.loads(line)
                name = event["object"]["metadata"].get("name", "")
                with self.changed:
                    if event["type"] == "DELETED":
                        self.gone.setdefault(name, now)
                    elif self.is_there(event["object"]):
                        self.there.setdefault(name, now)
                    self.changed.notify_all()
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass

    def wait(self, condition, what):
        with self.changed:
            if not self.changed.wait_for(condition, 300):
                raise SystemExit(f"not within 300 s: {what}")


def is_running(pod):
    return any("running" in status.get("state", {}) for status in pod.get("status", {}).get("containerStatuses", []))


def pod(name, command, **spec):
    container = {"name": "main", "image": "none", "command": command}
    return {"metadata": {"name": name}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec}}


def spawn_floor(count, at_once):
    """Starts a second of `true`, as many at once as this machine has processors."""
    began = time.monotonic()
    running = set()
    for _ in range(count):
        running.add(os.posix_spawn("/bin/true", ["true"], {}))
        if len(running) >= at_once:
            running.discard(os.wait()[0])
    while running:
        running.discard(os.wait()[0])
    return count / (time.monotonic() - began)


def one_by_one(data, connection, count):
    watch = Watch(data, PODS, is_running)
    to_running, to_gone = [], []
    for number in range(count):
        name = f"one-{number}"
        began = time.monotonic()
        call(connection, "POST", PODS, pod(name, ["/bin/sleep", "1000"]))
        watch.wait(lambda: name in watch.there, f"{name} runs")
        to_running.append((watch.there[name] - began) * 1000)
        call(connection, "DELETE", PODS + "/" + name)
        watch.wait(lambda: name in watch.gone, f"{name} is gone")
        to_gone.append((watch.gone[name] - began) * 1000)
    return statistics.median(to_running), statistics.median(to_gone)


def short_jobs(data, count, writers=8):
    watch = Watch(data, JOBS, lambda job: job.get("status", {}).get("succeeded") == 1)

    def write(first):
        connection = connect(data)
        for number in range(first, count, writers):
            template = {"spec": {"containers": [{"name": "main", "image": "none", "command": ["/bin/true"]}], "restartPolicy": "Never"}}
            call(connection, "POST", JOBS, {"metadata": {"name": f"job-{number}"}, "spec": {"template": template}})

    threads = [threading.Thread(target=write, args=(first,)) for first in range(writers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    watch.wait(lambda: len(watch.there) == count, f"{count} Jobs are done")
    return count / (time.monotonic() - began)


def restart_with(data, process, connection, count):
    """Milliseconds from starting a new control plane until it has told of every Pod that ended while none was there."""
    watch = Watch(data, PODS, is_running)
    for number in range(count):
        call(connection, "POST", PODS, pod(f"many-{number}", ["/bin/sleep", "98765"], restartPolicy="Never"))
    watch.wait(lambda: len(watch.there) >= count, f"{count} Pods run")
    sleepers = [pid for pid, line in processes_of("sleep 98765").items() if line.startswith("/bin/sleep")]
    shims = [resident_kib(pid) for pid in processes_of("slipway-shim --dir " + data)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    ended = random.sample(sleepers, 20)
    for pid in ended:
        os.kill(pid, signal.SIGKILL)
    time.sleep(1)
    os.remove(os.path.join(data, "slipway.pid"))
    process, began = start(data)
    failed = Watch(data, PODS, lambda pod: pod.get("status", {}).get("phase") == "Failed")
    failed.wait(lambda: len(failed.there) == len(ended), "all that ended is told")
    took = (time.monotonic() - began) * 1000
    connection = connect(data)
    again = sum(status["restartCount"] for one in call(connection, "GET", PODS)["items"] for status in one["status"]["containerStatuses"])
    if again:
        raise SystemExit(f"{again} containers were started again")
    return process, took, statistics.median(shims)


def log_lines(data, connection, count):
    """Lines a second from a program that writes as fast as it can to a reader of `logs -f`; and a pipe without anything around it."""
    script = f"seq 1 {count}"
    began = time.monotonic()
    floor = subprocess.run(["sh", "-c", f"{script} | cat > /dev/null"], check=True)
    floor = count / (time.monotonic() - began)
    began = time.monotonic()
    call(connection, "POST", PODS, pod("logs", ["/bin/sh", "-c", script], restartPolicy="Never"))
    seen = 0
    while seen == 0:
        reader = connect(data)
        ask(reader, "GET", PODS + "/logs/log?follow=true")
        answer = reader.getresponse()
        if answer.status != 200:
            answer.read()
            continue
        while block := answer.read1(1 << 20):
            seen += block.count(b"\n")
    if seen < count:
        print(f"(rotation took {count - seen} of {count} lines from a reader that was slower)")
    return seen / (time.monotonic() - began), floor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pods", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--running", type=int, default=500)
    options = parser.parse_args()
    directory = scratch()
    data = os.path.join(directory, "data")
    with open(data + ".yaml", "w", encoding="utf-8") as profile:
        profile.write(f"pods:\n  maxPods: {options.running + 100}\n")
    process, _ = start(data)
    try:
        connection = connect(data)
        time.sleep(1)
        running, gone = one_by_one(data, connection, options.pods)
        floor = spawn_floor(1000, 1)
        print(f"spawn and wait, one at a time (floor)  {1000 / floor:9.2f} ms", flush=True)
        print(f"Pod from create to running, p50        {running:9.2f} ms   {running * floor / 1000:6.1f} x the floor   (aim: 10 ms)", flush=True)
        print(f"Pod from create to gone, p50           {gone:9.2f} ms   {gone * floor / 1000:6.1f} x the floor", flush=True)
        floor = spawn_floor(2000, os.cpu_count())
        jobs = short_jobs(data, options.jobs)
        print(f"spawn and wait, all processors (floor) {floor:9.0f} /s", flush=True)
        print(f"short Jobs                             {jobs:9.0f} /s   {jobs / floor:6.2f} of the floor   (aim: 0.60)", flush=True)
        lines, pipe = log_lines(data, connection, 1_000_000)
        print(f"log lines through logs -f              {lines:9.0f} /s   {lines / pipe:6.2f} of a pipe", flush=True)
        process, took, shim = restart_with(data, process, connection, options.running)
        print(f"{options.running} Pods known again after a restart   {took:9.0f} ms   (aim: 1,000)", flush=True)
        print(f"memory of a shim, resident             {shim:9.0f} KiB  (aim: 1,024)", flush=True)
    finally:
        run("down", "--data", data, check=False)
        process.wait(60)
        remove(directory)


main()
