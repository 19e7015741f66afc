"""Clients that dribble, stall, send rubbish or never read: the control plane and the gateway go on serving everybody else."""

import os
import socket
import sys
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(__file__))
from support import endpoints, expect, get, kill, processes_of, remove, resident_kib, run, scratch, wait_until  # noqa: E402

directory = scratch()
data = os.path.join(directory, "data")


def connect(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def answer_to(url, payload):
    """What comes back; b"" when the connection is closed without a word, None when nothing happens for thirty seconds (a head has ten)."""
    with connect(url) as connection:
        try:
            connection.sendall(payload)
            return connection.recv(4096)
        except ConnectionError:
            return b""
        except TimeoutError:
            return None


RUBBISH = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "two lengths": b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "length and chunks": b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an endless header": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 300_000,
    "a bare LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "a chunk that is none": b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
}

try:
    run("up", "--detach", "--data", data, "--runtime", "sim")
    faces = endpoints(data)
    wait_until("the gateway answers", lambda: answer_to(faces["gateway"], b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    with open(os.path.join(data, "slipway.pid"), encoding="utf-8") as file:
        control = int(file.read())
    before = resident_kib(control)
    for face in ("api", "gateway"):
        for name, payload in RUBBISH.items():
            answer = answer_to(faces[face], payload)
            expect(answer is not None, f"{face}: {name} is not left waiting")
            status = answer[:12]
            expect(status == b"" or b" 4" in status or b" 5" in status, f"{face}: {name} is refused, not {status}")
        # Two hundred that send half a request and wait, fifty that ask for much and never read.
        held = [connect(faces[face]) for _ in range(250)]
        for half in held[:200]:
            half.sendall(b"POST /api/slipway/v1/apply HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n{")
        for deaf in held[200:]:
            deaf.sendall(b"GET /api/slipway/v1/overview HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200)
        start = time.monotonic()
        expect("parts" in get(faces["api"] + "/api/slipway/v1/status"), "everybody else is served")
        print(f"{face}: status answered in {(time.monotonic() - start) * 1000:.0f} ms beside 250 bad clients, "
              f"control plane {before / 1024:.1f} -> {resident_kib(control) / 1024:.1f} MiB")
        expect(resident_kib(control) < 120 * 1024, "the control plane's memory stays bounded")
        for connection in held:
            connection.close()
    expect(run("status", "--data", data, check=False).returncode == 0, "all parts still run")
finally:
    run("down", "--data", data, check=False)
    for pid in processes_of(data):
        kill(pid)
    remove(directory)
