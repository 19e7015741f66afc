"""The Kubernetes API under clients that mean no good: a watch that is never read, a thousand that wait, bodies that are too large."""

import http.client
import json
import os
import resource
import socket
import sys
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(__file__))
from support import endpoints, expect, get, kill, processes_of, remove, resident_kib, run, scratch, wait_until  # noqa: E402

directory = scratch()
data = os.path.join(directory, "data")
MAPS = "/api/v1/namespaces/default/configmaps"


def ask(method, path, body=None, content_type="application/json"):
    parts = urlsplit(api)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    connection.request(method, path, text, {"Authorization": "Bearer " + token, "Content-Type": content_type})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def expect_status(wanted, method, path, *rest):
    status, answer = ask(method, path, *rest)
    expect(status == wanted, f"{method} {path} answers {wanted}, not {status}: {str(answer)[:500]}")
    return answer


def watch(path=MAPS + "?watch=true&resourceVersion=0", receive_buffer=None):
    parts = urlsplit(api)
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.connect((parts.hostname, parts.port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    return connection


def a_watch_that_is_never_read():
    expect_status(201, "POST", MAPS, {"metadata": {"name": "loud"}, "data": {}})
    deaf = [watch(receive_buffer=4096) for _ in range(20)]
    time.sleep(0.5)  # all are open
    before = resident_kib(control)
    highest = before
    for number in range(200):
        expect_status(200, "PATCH", MAPS + "/loud", {"data": {"k": str(number) * 30_000}}, "application/merge-patch+json")
        highest = max(highest, resident_kib(control))
    print(f"20 deaf watchers, 200 changes of 30 to 90 kB: {before / 1024:.1f} -> at most {highest / 1024:.1f} MiB")
    expect(highest - before < 64 * 1024, "what a deaf watcher is not told costs bounded memory")
    expect("apiserver_longrunning_requests" in get(api + "/metrics"), "everybody else is served")
    wait_until("the deaf watchers are cut off", lambda: open_watches("configmaps") == 0)
    for connection in deaf:
        connection.close()


def open_watches(resource_name):
    """As the server counts them, of everybody but the platform itself, which does not ask over HTTP."""
    for line in get(api + "/metrics").splitlines():
        if line.startswith("apiserver_longrunning_requests{") and f'resource="{resource_name}"' in line and 'verb="WATCH"' in line:
            return int(float(line.rsplit(" ", 1)[1]))
    return 0


def a_thousand_watchers_that_wait():
    before = resident_kib(control)
    start = time.monotonic()
    idle = [watch("/api/v1/namespaces/kubeflow/configmaps?watch=true") for _ in range(1000)]
    wait_until("all of them are open", lambda: open_watches("configmaps") == 1000)
    opened = time.monotonic() - start
    after = resident_kib(control)
    print(f"1000 idle watchers opened in {opened:.1f} s: {before / 1024:.1f} -> {after / 1024:.1f} MiB, {(after - before) / 1000:.1f} KiB each")
    expect(after - before < 60 * 1024, "a watcher that waits costs little")
    start = time.monotonic()
    expect_status(201, "POST", "/api/v1/namespaces/kubeflow/configmaps", {"metadata": {"name": "news"}})
    for connection in idle:
        text = b""
        while b'"name":"news"' not in text:
            part = connection.recv(65536)
            expect(part, "a watcher that waits is told")
            text += part
    print(f"all were told of a change within {(time.monotonic() - start) * 1000:.0f} ms")
    for connection in idle:
        connection.close()
    wait_until("closed ones are forgotten", lambda: open_watches("configmaps") == 0)


def bodies_that_are_too_large():
    revisions = "/apis/apps/v1/namespaces/default/controllerrevisions"
    large = {"metadata": {"name": "big"}, "revision": 1, "data": {"small": "x", "deep": {"large": "x" * 1_700_000}}}
    answer = expect_status(413, "POST", revisions, large)
    expect(answer["reason"] == "RequestEntityTooLarge" and "data.deep.large" in answer["message"], f"the field that is big is named: {answer['message']}")
    classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
    small = expect_status(201, "POST", classes, {"metadata": {"name": "grows"}, "value": 1})
    answer = expect_status(413, "PATCH", classes + "/grows", {"description": "x" * 1_700_000}, "application/merge-patch+json")
    expect(answer["message"].endswith("description"), f"when it grows, too: {answer['message']}")
    expect(ask("GET", classes + "/grows")[1]["metadata"]["resourceVersion"] == small["metadata"]["resourceVersion"], "nothing is kept of it")
    huge = json.dumps({"metadata": {"name": "huge"}, "data": {"k": "x" * (3 * 1024 * 1024)}})
    answer = expect_status(413, "POST", MAPS, huge)
    expect(answer.get("kind") == "Status" and answer["reason"] == "RequestEntityTooLarge", f"more than 3 MiB is no request: {answer}")
    deep = '{"metadata":{"name":"deep"},"data":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}"
    expect(ask("POST", MAPS, deep)[0] == 400, "what is nested without end is refused")


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
try:
    run("up", "--detach", "--data", data, "--runtime", "sim")
    api = endpoints(data)["api"]
    with open(os.path.join(data, "tokens/default"), encoding="utf-8") as file:
        token = file.read().strip()
    with open(os.path.join(data, "slipway.pid"), encoding="utf-8") as file:
        control = int(file.read())
    bodies_that_are_too_large()
    a_thousand_watchers_that_wait()
    a_watch_that_is_never_read()
    expect(run("status", "--data", data, check=False).returncode == 0, "all parts still run")
finally:
    run("down", "--data", data, check=False)
    for pid in processes_of(data):
        kill(pid)
    remove(directory)
