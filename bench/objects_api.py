"""The Kubernetes API of `slipway up` against kube-apiserver with etcd (fsync on), on this machine in the same run, over TLS with a token.
Create, get, update, patch and list by wrk; watch latency by clients of our own; memory and time to ready. Prints a ratio a line: above 1,
Slipway is better. Usage: bench/objects_api.py [--seconds N] [--only-slipway]. Needs wrk; the peer needs ./test cluster to have built it.
"""

import argparse
import json
import os
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
from support import SLIPWAY, remove, resident_kib, run, scratch  # noqa: E402

PAYLOAD = "x" * 1000
CREATE = """
local counter = 0
local prefix = "%s"
function setup(thread) thread:set("id", tostring(os.time()) .. prefix) end
request = function()
  counter = counter + 1
  local body = '{"metadata":{"name":"b' .. id .. '-' .. counter .. '"},"data":{"v":"%s"}}'
  return wrk.format("POST", wrk.path, wrk.headers, body)
end
"""
CHANGE = """
local counter = 0
request = function()
  counter = counter + 1
  local body = '{"metadata":{"name":"one"},"data":{"v":"%s' .. counter .. '"}}'
  return wrk.format("%s", wrk.path, wrk.headers, body)
end
"""


class Server:
    def __init__(self, name, url, token, pids, ready):
        self.name, self.url, self.token, self.pids, self.ready = name, url, token, pids, ready
        self.context = ssl._create_unverified_context()

    def call(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode() if body is not None else None, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        if body is not None:
            request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
            return json.loads(answer.read())

    def wrk(self, path, connections, seconds, script="", kind="application/json"):
        """(requests per second, median in ms) of one load."""
        file = os.path.join(self.directory, "load.lua")
        with open(file, "w") as out:
            out.write(script)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-H", "Authorization: Bearer " + self.token]
        command += ["-H", "Content-Type: " + kind] + (["-s", file] if script else []) + [self.url + path]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        if bad:
            raise SystemExit(f"{self.name}: {bad.group(1)} refused answers at {path}")
        value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    def memory(self):
        return sum(resident_kib(pid) for pid in self.pids) / 1024


class Watcher:
    """One watch over its own connection; notes when the change with each number arrives."""

    def __init__(self, server, space):
        host, port = server.url.removeprefix("https://").split(":")
        raw = socket.create_connection((host, int(port)))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = server.context.wrap_socket(raw)
        path = f"/api/v1/namespaces/{space}/configmaps?watch=true&fieldSelector=metadata.name%3Dwatched"
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
        self.arrived = {}
        self.seen = b""

    def read(self, timeout):
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            return
        now = time.monotonic()
        self.seen = (self.seen + data)[-20000:]
        for number in re.findall(rb'"n":"(\d+)"', self.seen):
            self.arrived.setdefault(int(number), now)


def watch_latency(server, watchers, rounds=30):
    """Median ms from just before the write until a watcher has the change: of one watcher that is looked at, among many."""
    space = "bench"
    server.call("POST", f"/api/v1/namespaces/{space}/configmaps", {"metadata": {"name": "watched"}, "data": {"n": "0"}})
    others = [Watcher(server, space) for _ in range(watchers - 1)]
    stop = threading.Event()

    def drain():
        import select
        while not stop.is_set():
            ready, _, _ = select.select([w.socket for w in others], [], [], 0.2) if len(others) < 500 else ([w.socket for w in others], 0, 0)
            for sock in ready:
                if sock.fileno() < 0:
                    continue
                sock.settimeout(0)
                try:
                    while sock.recv(65536):
                        pass
                except (OSError, ValueError):  # nothing more, or closed
                    pass
            if len(others) >= 500:
                time.sleep(0.2)

    thread = threading.Thread(target=drain, daemon=True)
    if others:
        thread.start()
    watcher = Watcher(server, space)
    time.sleep(0.5)
    watcher.read(0.2)
    times = []
    host, port = server.url.removeprefix("https://").split(":")
    raw = socket.create_connection((host, int(port)))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    writer = server.context.wrap_socket(raw)
    for number in range(1, rounds + 1):
        body = json.dumps({"data": {"n": str(number)}})
        head = f"PATCH /api/v1/namespaces/{space}/configmaps/watched HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {server.token}\r\n"
        head += f"Content-Type: application/merge-patch+json\r\nContent-Length: {len(body)}\r\n\r\n"
        began = time.monotonic()
        writer.sendall((head + body).encode())
        while number not in watcher.arrived:
            watcher.read(5)
            if time.monotonic() - began > 10:
                raise SystemExit(f"{server.name}: change {number} never arrived at {watchers} watchers")
        times.append((watcher.arrived[number] - began) * 1000)
        writer.settimeout(10)
        writer.recv(65536)
        time.sleep(0.02)
    stop.set()
    for one in [*others, watcher]:
        one.socket.close()
    server.call("DELETE", f"/api/v1/namespaces/{space}/configmaps/watched")
    return statistics.median(times)


def measure(server, seconds):
    result = {"start to ready, ms": server.ready * 1000, "memory idle, MiB": server.memory()}
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "bench"}})
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "lists"}})
    maps = "/api/v1/namespaces/bench/configmaps"
    server.call("POST", maps, {"metadata": {"name": "one"}, "data": {"v": PAYLOAD}})
    result["get p50, ms"] = server.wrk(maps + "/one", 1, seconds)[1]
    result["get/s, 8 clients"] = server.wrk(maps + "/one", 8, seconds)[0]
    result["create p50, ms"] = server.wrk(maps, 1, seconds, CREATE % ("a", PAYLOAD))[1]
    result["create/s, 8 writers"] = server.wrk(maps, 8, seconds, CREATE % ("b", PAYLOAD))[0]
    result["create/s, 32 writers"] = server.wrk(maps, 32, seconds, CREATE % ("c", PAYLOAD))[0]
    result["update p50, ms"] = server.wrk(maps + "/one", 1, seconds, CHANGE % (PAYLOAD, "PUT"))[1]
    result["patch p50, ms"] = server.wrk(maps + "/one", 1, seconds, CHANGE % (PAYLOAD, "PATCH"), "application/merge-patch+json")[1]
    lists = "/api/v1/namespaces/lists/configmaps"
    for number in range(500):
        server.call("POST", lists, {"metadata": {"name": f"m{number}"}, "data": {"v": PAYLOAD}})
    result["list of 500 p50, ms"] = server.wrk(lists, 1, seconds)[1]
    for watchers in (1, 50, 1000):
        result[f"watch p50 of {watchers}, ms"] = watch_latency(server, watchers)
    result["memory after, MiB"] = server.memory()
    return result


def slipway(directory):
    data = os.path.join(directory, "data")
    began = time.monotonic()
    process = subprocess.Popen([SLIPWAY, "up", "--data", data, "--runtime", "sim"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(os.path.join(data, "slipway.pid")):
        time.sleep(0.001)
    ready = time.monotonic() - began
    time.sleep(3)
    config = open(os.path.join(data, "kubeconfig")).read()
    server = Server("slipway", re.search(r"server: \"?(https://[\d.:]+)", config).group(1), re.search(r"token: \"?([^\s\"]+)", config).group(1), [process.pid], ready)
    server.directory = directory
    return server, lambda: (run("down", "--data", data), process.wait(30))


def upstream(directory):
    began = time.monotonic()
    subprocess.run([os.path.join(ROOT, "tests/cluster/up"), directory], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SLIPWAY_ETCD_FLAGS": ""})
    ready = time.monotonic() - began
    config = open(os.path.join(directory, "kubeconfig")).read()
    pids = [int(open(os.path.join(directory, name + ".pid")).read()) for name in ("etcd", "kube-apiserver")]
    server = Server("kube-apiserver", re.search(r'server: "(https://[\d.:]+)', config).group(1), re.search(r"token: (\w+)", config).group(1), pids, ready)
    server.directory = directory
    return server, lambda: subprocess.run([os.path.join(ROOT, "tests/cluster/down"), directory], check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only-slipway", action="store_true")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    results = []
    starters = [slipway] if options.only_slipway else [slipway, upstream]
    for start in starters:
        directory = scratch()
        try:
            server, stop = start(directory)
            try:
                results.append(measure(server, options.seconds))
            finally:
                stop()
        finally:
            remove(directory)
    print(f"{'':28}{'slipway':>12}{'apiserver':>12}{'ratio':>8}")
    for key, ours in results[0].items():
        line = f"{key:28}{ours:12.2f}"
        if len(results) > 1:
            theirs = results[1][key]
            line += f"{theirs:12.2f}{(ours / theirs if '/s' in key else theirs / ours):8.1f}"
        print(line)


main()
