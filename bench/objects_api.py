"""The Kubernetes API of `slipway up` against kube-apiserver with etcd (fsync on), on this machine in the same run, over TLS with a token.
Both run side by side, and each line is measured on one right after the other, so that what else the machine does meets both. Prints a ratio
a line: above 1, Slipway is better. Usage: bench/objects_api.py [--seconds N] [--rounds N] [--large] [--only-slipway]. --large adds 50,000
objects and a list of 10,000 (minutes). Needs wrk; the peer needs ./test cluster to have built it.
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
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
from support import SLIPWAY, remove, resident_kib, run, scratch  # noqa: E402

PAYLOAD = "x" * 1000
CREATE = """
local counter = 0
function setup(thread) thread:set("id", tostring(os.time()) .. "%s") end
request = function()
  counter = counter + 1
  local body = '{"metadata":{"name":"b' .. id .. '-' .. counter .. '"},"data":{"v":"%s"}}'
  return wrk.format("POST", wrk.path, wrk.headers, body)
end
"""
# Ends when so many objects are there. wrk asks for one request more than it sends, to look at it.
FILL = """
local wanted = %d
local asked = -1
local made = 0
request = function()
  asked = asked + 1
  if asked > wanted then return wrk.format("GET", "/version") end
  return wrk.format("POST", wrk.path, wrk.headers, '{"metadata":{"name":"m' .. asked .. '"},"data":{"v":"%s"}}')
end
response = function(status)
  if status == 201 then made = made + 1 end
  if made == wanted then os.exit(0) end
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
MAPS = "/api/v1/namespaces/bench/configmaps"
LISTED = "/api/v1/namespaces/lists/configmaps"
MANY = "/api/v1/namespaces/many/configmaps"
MOST = "/api/v1/namespaces/most/configmaps"
CONTEXT = ssl._create_unverified_context()


def connect(url):
    host, port = url.removeprefix("https://").split(":")
    raw = socket.create_connection((host, int(port)))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return CONTEXT.wrap_socket(raw)


class Server:
    def __init__(self, name, began, directory, url, token, pids, stop):
        self.name, self.directory, self.url, self.token, self.pids, self.stop = name, directory, url, token, pids, stop
        self.ready = self.wait_until_ready(began)

    def head(self, method, path, more=""):
        return f"{method} {path} HTTP/1.1\r\nHost: {self.url.removeprefix('https://')}\r\nAuthorization: Bearer {self.token}\r\n{more}\r\n"

    def wait_until_ready(self, began):
        """Seconds from `began` until /readyz says so, over TLS."""
        while time.monotonic() - began < 60:
            try:
                with connect(self.url) as client:
                    client.sendall(self.head("GET", "/readyz").encode())
                    if client.recv(4096).startswith(b"HTTP/1.1 200"):
                        return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.001)
        raise SystemExit(f"{self.name} is not ready")

    def call(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode() if body is not None else None, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        if body is not None:
            request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, context=CONTEXT, timeout=60) as answer:
            return json.loads(answer.read())

    def start_wrk(self, path, connections, seconds, script, kind):
        file = os.path.join(self.directory, "load.lua")
        with open(file, "w") as out:
            out.write(script)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-H", "Authorization: Bearer " + self.token]
        command += ["-H", "Content-Type: " + kind] + (["-s", file] if script else []) + [self.url + path]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def wrk(self, path, connections, seconds, script="", kind="application/json"):
        """(requests per second, median in ms) of one load."""
        text = self.start_wrk(path, connections, seconds, script, kind)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        if bad:
            raise SystemExit(f"{self.name}: {bad.group(1)} refused answers at {path}")
        value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    def fill(self, path, count):
        self.start_wrk(path, 32, 600, FILL % (count, PAYLOAD), "application/json")

    def memory(self):
        return sum(resident_kib(pid) for pid in self.pids) / 1024


class Watcher:
    """One watch over its own connection; notes when the change with each number arrives."""

    def __init__(self, server):
        self.socket = connect(server.url)
        self.socket.sendall(server.head("GET", MAPS + "?watch=true&fieldSelector=metadata.name%3Dwatched").encode())
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


def drain(sockets):
    """A process that takes what comes for these off the wire, five times a second; they are nobody's business. Kill it."""
    child = os.fork()
    if child > 0:
        return child
    while True:
        for one in sockets:
            try:
                while len(os.read(one.fileno(), 1 << 20)) == 1 << 20:
                    pass
            except OSError:  # nothing there
                pass
        time.sleep(0.2)


def watch_latency(server, watchers, rounds=30):
    """Median ms from just before a write until a watcher has the change: of one of them at a time, from all over their number, since who is
    told first and last is the server's own affair."""
    server.call("POST", MAPS, {"metadata": {"name": "watched"}, "data": {"n": "0"}})
    looked_at = 1 if watchers < 5 else 5
    places = {watchers * (2 * i + 1) // (2 * looked_at) for i in range(looked_at)}
    everyone = [Watcher(server) for _ in range(watchers)]
    observed = [one for place, one in enumerate(everyone) if place in places]
    others = [one.socket for place, one in enumerate(everyone) if place not in places]
    for one in others:
        one.setblocking(False)
    child = drain(others)
    times = []
    try:
        time.sleep(0.5)
        writer = connect(server.url)
        for number in range(1, rounds + 1):
            watcher = observed[number % looked_at]
            for one in observed:
                one.read(0.001)
            body = json.dumps({"data": {"n": str(number)}})
            more = f"Content-Type: application/merge-patch+json\r\nContent-Length: {len(body)}\r\n"
            began = time.monotonic()
            writer.sendall((server.head("PATCH", MAPS + "/watched", more) + body).encode())
            while number not in watcher.arrived:
                watcher.read(5)
                if time.monotonic() - began > 10:
                    raise SystemExit(f"{server.name}: change {number} never arrived at {watchers} watchers")
            times.append((watcher.arrived[number] - began) * 1000)
            writer.settimeout(10)
            writer.recv(65536)
            time.sleep(0.03)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        for one in everyone:
            one.socket.close()
        server.call("DELETE", MAPS + "/watched")
    return statistics.median(times)


def prepare(server):
    for space in ("bench", "lists", "many", "most"):
        server.call("POST", "/api/v1/namespaces", {"metadata": {"name": space}})
    server.call("POST", MAPS, {"metadata": {"name": "one"}, "data": {"v": PAYLOAD}})
    server.fill(LISTED, 500)


# The name of each line, and how it is measured. More is better where it says "/s".
def lines(seconds, mark):
    yield "get p50, ms", lambda s: s.wrk(MAPS + "/one", 1, seconds)[1]
    yield "get/s, 8 clients", lambda s: s.wrk(MAPS + "/one", 8, seconds)[0]
    yield "create p50, ms", lambda s: s.wrk(MAPS, 1, seconds, CREATE % (mark + "a", PAYLOAD))[1]
    yield "create/s, 8 writers", lambda s: s.wrk(MAPS, 8, seconds, CREATE % (mark + "b", PAYLOAD))[0]
    yield "create/s, 32 writers", lambda s: s.wrk(MAPS, 32, seconds, CREATE % (mark + "c", PAYLOAD))[0]
    yield "update p50, ms", lambda s: s.wrk(MAPS + "/one", 1, seconds, CHANGE % (PAYLOAD, "PUT"))[1]
    yield "patch p50, ms", lambda s: s.wrk(MAPS + "/one", 1, seconds, CHANGE % (PAYLOAD, "PATCH"), "application/merge-patch+json")[1]
    yield "list of 500 p50, ms", lambda s: s.wrk(LISTED, 1, seconds)[1]
    for watchers in (1, 50, 1000):
        yield f"watch p50 of {watchers}, ms", lambda s, n=watchers: watch_latency(s, n)


def large_lines(seconds):
    def memory_of_many(server):
        server.fill(MOST, 10_000)
        server.fill(MANY, 40_000)
        time.sleep(3)
        return server.memory()

    yield "memory, 50,000 more objects", memory_of_many
    yield "list of 10,000 p50, ms", lambda s: s.wrk(MOST, 1, max(seconds, 5))[1]
    yield "memory after those lists", lambda s: s.memory()


def slipway():
    directory = scratch()
    data = os.path.join(directory, "data")
    began = time.monotonic()
    process = subprocess.Popen([SLIPWAY, "up", "--data", data, "--runtime", "sim"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(os.path.join(data, "slipway.pid")):  # what says where it is was written before
        time.sleep(0.001)
    config = open(os.path.join(data, "kubeconfig")).read()

    def stop():
        run("down", "--data", data)
        process.wait(30)
        remove(directory)

    url = re.search(r"server: \"?(https://[\d.:]+)", config).group(1)
    return Server("slipway", began, directory, url, re.search(r"token: \"?([^\s\"]+)", config).group(1), [process.pid], stop)


def upstream():
    directory = scratch()
    began = time.monotonic()
    subprocess.run([os.path.join(ROOT, "tests/cluster/up"), directory], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SLIPWAY_ETCD_FLAGS": ""})
    config = open(os.path.join(directory, "kubeconfig")).read()
    pids = [int(open(os.path.join(directory, name + ".pid")).read()) for name in ("etcd", "kube-apiserver")]

    def stop():
        subprocess.run([os.path.join(ROOT, "tests/cluster/down"), directory], check=False)
        remove(directory)

    url = re.search(r'server: "(https://[\d.:]+)', config).group(1)
    return Server("kube-apiserver", began, directory, url, re.search(r"token: (\w+)", config).group(1), pids, stop)


def report(key, values):
    """`values`: for each round what each server had. The median of each, and the median of the ratios."""
    text = f"{key:28}" + "".join(f"{statistics.median(column):12.2f}" for column in zip(*values))
    if len(values[0]) == 2:
        ratios = [ours / theirs if "/s" in key else theirs / ours for ours, theirs in values]
        text += f"{statistics.median(ratios):8.1f}"
        if len(ratios) > 1:
            text += f"   ({min(ratios):.1f} to {max(ratios):.1f})"
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--only-slipway", action="store_true")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    servers = []
    try:
        for start in [slipway] if options.only_slipway else [slipway, upstream]:
            servers.append(start())
        print(f"{'':28}" + "".join(f"{name:>12}" for name in ["slipway", "apiserver"][: len(servers)]) + f"{'ratio':>8}")
        report("start to ready, ms", [[server.ready * 1000 for server in servers]])
        time.sleep(3)
        report("memory idle, MiB", [[server.memory() for server in servers]])
        for server in servers:
            prepare(server)
        # Line by line: all rounds of one, so that a line's rounds differ by what else the machine did.
        rounds = [list(lines(options.seconds, str(number))) for number in range(options.rounds)]
        for same in zip(*rounds):
            report(same[0][0], [[measure(server) for server in servers] for _, measure in same])
        report("memory after, MiB", [[server.memory() for server in servers]])
        if options.large:
            for key, measure in large_lines(options.seconds):
                report(key, [[measure(server) for server in servers]])
    finally:
        for server in servers:
            server.stop()


main()
