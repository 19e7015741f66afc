"""What the rows of every library share. A row is a function that is named as what it shows; play() runs them in their order, each
told as `ok`, `FAIL` or `skip`, and ends the program. The first argument is the kubeconfig of the server."""

import sys
import time
import traceback
import uuid

import yaml

KUBECONFIG = sys.argv[1]
SUFFIX = "l" + uuid.uuid4().hex[:5]
ROWS = []

# A server on an address that is the Pod's own, wherever it runs.
WEB = "import http.server, os; print('hello'); http.server.HTTPServer((os.environ['POD_IP'], 8000), http.server.SimpleHTTPRequestHandler).serve_forever()"
WEB_POD = yaml.safe_load(f"""
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: example/web:1
    command: [python3, -u, -c, "{WEB}"]
    env: [{{name: POD_IP, valueFrom: {{fieldRef: {{fieldPath: status.podIP}}}}}}]
    ports: [{{containerPort: 8000}}]
    readinessProbe: {{tcpSocket: {{port: 8000}}, periodSeconds: 1}}
""")


class Skipped(Exception):
    """A row that this server cannot play, and why."""


def row(function):
    ROWS.append(function)
    return function


def until(condition, seconds=20):
    """The first true value of the condition; an assertion fails when there is none in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def play():
    failed = 0
    for function in ROWS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok    {name}", flush=True)
        except Skipped as why:
            print(f"skip  {name}: {why}", flush=True)
        except BaseException:  # whatever a row meets is that row's failure, a group of several too
            failed += 1
            print(f"FAIL  {name}\n" + "".join(f"      | {line}\n" for line in traceback.format_exc(limit=-3).splitlines()[-12:]), end="", flush=True)
    sys.exit(1 if failed else 0)
