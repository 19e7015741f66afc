"""What the end-to-end scripts share: the binary under test, scratch directories, processes of a platform."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from urllib.parse import urlsplit

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLIPWAY = os.environ.get("SLIPWAY", os.path.join(ROOT, "build/release/slipway"))


def run(*arguments, check=True, timeout=600, **keywords):
    done = subprocess.run([SLIPWAY, *arguments], capture_output=True, text=True, timeout=timeout, **keywords)
    if check and done.returncode != 0:
        sys.exit(f"slipway {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def again_as_plain_user(script):
    """Runs the script once more as somebody who is not root, which only root can, and ends with it."""
    if os.geteuid() != 0:
        print("skipped: it is a plain user's run already")
        sys.exit(0)
    user = "23456"
    become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
    if subprocess.run([*become, "test", "-x", SLIPWAY, "-a", "-r", script], capture_output=True).returncode != 0:
        print(f"skipped: a plain user cannot get at {SLIPWAY}")
        sys.exit(0)
    home = tempfile.mkdtemp(prefix="slipway-plain-", dir="/var/tmp")
    os.chown(home, int(user), int(user))
    code = subprocess.run([*become, "env", f"HOME={home}", f"TMPDIR={home}", "/usr/bin/python3", script]).returncode
    remove(home)
    sys.exit(code)


def scratch():
    return tempfile.mkdtemp(prefix="slipway-test-")


def remove(directory):
    shutil.rmtree(directory, ignore_errors=True)


def endpoints(data):
    with open(os.path.join(data, "endpoints.json"), encoding="utf-8") as file:
        return json.load(file)


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def wait_until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"not within {seconds} s: {what}")


def processes_of(needle):
    """{pid: command line} of the processes that name `needle` in their arguments."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if needle in line and int(pid) != os.getpid():
            found[int(pid)] = line
    return found


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def family_of(needle):
    """processes_of(needle) and the children of those: a program under a shim need not name the data directory."""
    found = processes_of(needle)
    for pid, line in processes_of("").items():
        if parent_of(pid) in found:
            found.setdefault(pid, line)
    return found


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def expect(condition, sentence):
    if not condition:
        sys.exit(f"expected: {sentence}")


class Platform:
    """A control plane with a simulated model server, over one data directory."""

    def __init__(self, data, *options):
        self.data, self.options = data, options

    def up(self):
        run("up", "--detach", "--data", self.data, "--runtime", "sim", *self.options)

    def pid(self):
        with open(os.path.join(self.data, "slipway.pid"), encoding="utf-8") as file:
            return int(file.read())

    def ask(self, method, path, body=None, kind="application/json"):
        """The document of an answer; asked again while nobody is there."""
        for _ in range(200):
            try:
                with open(os.path.join(self.data, "kubeconfig"), encoding="utf-8") as file:
                    token = re.search(r"token: \"?([^\s\"]+)", file.read()).group(1)
                parts = urlsplit(endpoints(self.data)["api"])
                connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
                headers = {"Authorization": "Bearer " + token, "Content-Type": kind}
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read().decode(errors="replace")
            except (OSError, ValueError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if answer.status == 409 and method == "POST":  # an answer that got lost
                return {}
            expect(answer.status < 300, f"{method} {path}: {answer.status} {text}")
            return json.loads(text) if text.startswith("{") else text
        return sys.exit(f"nobody answered {method} {path}")
