"""kill -9 of the control plane under concurrent writers of the Kubernetes API: what was acknowledged is there, and a watch goes on from where it was.

    python3 tests/e2e/api_crash.py [--rounds N] [--seed N]
"""

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(__file__))
from support import endpoints, expect, kill, processes_of, remove, run, scratch, wait_until  # noqa: E402

WRITERS = 8
PATH = "/api/v1/namespaces/default/configmaps"


class Client:
    """One connection of an administrator."""

    def __init__(self, url, token):
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        self.headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}

    def ask(self, method, path, body=None, content_type="application/json"):
        """Status and document; OSError or HTTPException when nobody answers."""
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, dict(self.headers, **{"Content-Type": content_type}))
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")


class Writer(threading.Thread):
    """Makes, changes and removes objects of its own until nobody answers, and remembers what it was told is done."""

    def __init__(self, url, token, name):
        super().__init__()
        self.client = Client(url, token)
        self.prefix = name
        self.kept = {}  # name: the last value that was acknowledged
        self.removed = set()
        self.doubtful = set()  # asked for and not answered: may be there or not
        self.versions = []  # in the order of the answers
        self.problems = []

    def write(self, method, path, body=None, content_type="application/json"):
        status, answer = self.client.ask(method, path, body, content_type)
        if status not in (200, 201):
            self.problems.append(f"{method} {path}: {status} {answer}")
        elif method != "DELETE":
            self.versions.append(int(answer["metadata"]["resourceVersion"]))

    def run(self):
        number = 0
        try:
            while not self.problems:
                number += 1
                name = f"{self.prefix}-{number}"
                self.doubtful.add(name)
                self.write("POST", PATH, {"metadata": {"name": name}, "data": {"value": "0"}})
                self.kept[name] = 0
                for value in (1, 2):
                    patch = {"data": {"value": str(value)}}
                    self.write("PATCH", f"{PATH}/{name}", patch, "application/merge-patch+json")
                    self.kept[name] = value
                self.doubtful.discard(name)
                if number % 3 == 0:
                    self.doubtful.add(name)
                    del self.kept[name]
                    self.write("DELETE", f"{PATH}/{name}")
                    self.doubtful.discard(name)
                    self.removed.add(name)
        except (OSError, http.client.HTTPException):
            pass  # that was the kill


def versions_after(client, version, until):
    """Of all changes that a watch from `version` is told, up to `until`."""
    path = f"{PATH}?watch=true&allowWatchBookmarks=true&resourceVersion={version}"
    client.connection.request("GET", path, headers=client.headers)
    answer = client.connection.getresponse()
    expect(answer.status == 200, f"a watch from before the crash is served: {answer.status}")
    found = set()
    while not found or max(found) < until:
        event = json.loads(answer.readline())
        expect(event["type"] != "ERROR", f"a watch from before the crash goes on: {event}")
        found.add(int(event["object"]["metadata"]["resourceVersion"]))
    return found


def is_over(pid):
    """Every thread is gone, and with them its files, though its parent may not have asked for it yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            is_zombie = file.read().rpartition(")")[2].split()[0] == "Z"
        return is_zombie and len(os.listdir(f"/proc/{pid}/task")) == 1
    except OSError:
        return True


def check(url, token, writers, version):
    status, listed = Client(url, token).ask("GET", PATH)
    expect(status == 200, f"the list is there: {listed}")
    found = {item["metadata"]["name"]: int(item["data"]["value"]) for item in listed["items"] if item["metadata"]["name"].startswith("w-")}
    acknowledged = 0
    for writer in writers:
        expect(not writer.problems, f"no write is refused: {writer.problems}")
        expect(writer.versions == sorted(set(writer.versions)), "versions rise")
        for name, value in writer.kept.items():
            expect(found.get(name, -1) >= value, f"{name} was acknowledged with {value}, and is {found.get(name)}")
            expect(found[name] == value or name in writer.doubtful, f"{name} is {found[name]}, which nobody wrote after {value}")
        for name in writer.removed:
            expect(name not in found, f"{name} was removed, and is back")
        for name in found:
            if name.startswith(writer.prefix + "-"):
                expect(name in writer.kept or name in writer.doubtful, f"{name} is there, and nobody made it")
        acknowledged += len(writer.versions) + len(writer.removed)
    told = versions_after(Client(url, token), version, max(max(writer.versions, default=version + 1) for writer in writers))
    for writer in writers:
        missing = [v for v in writer.versions if v not in told]
        expect(not missing, f"the watch is told every change that was acknowledged, and not {missing[:5]}")
    return acknowledged, int(listed["metadata"]["resourceVersion"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    options = parser.parse_args()
    chance = random.Random(options.seed)
    print("seed", options.seed)
    directory = scratch()
    data = os.path.join(directory, "data")
    total = 0
    try:
        run("up", "--detach", "--data", data, "--runtime", "sim")
        with open(os.path.join(data, "tokens/default"), encoding="utf-8") as file:
            token = file.read().strip()
        version = int(Client(endpoints(data)["api"], token).ask("GET", PATH)[1]["metadata"]["resourceVersion"])
        for number in range(options.rounds):
            url = endpoints(data)["api"]
            with open(os.path.join(data, "slipway.pid"), encoding="utf-8") as file:
                pid = int(file.read())
            writers = [Writer(url, token, f"w-{number}-{i}") for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.02, 0.6))
            kill(pid)
            for writer in writers:
                writer.join(60)
                expect(not writer.is_alive(), "a writer notices that the server is gone")
            wait_until("the killed control plane lets go of its data", lambda: is_over(pid))
            run("up", "--detach", "--data", data, "--runtime", "sim")
            acknowledged, version = check(endpoints(data)["api"], token, writers, version)
            total += acknowledged
            print(f"round {number + 1}: {acknowledged} writes were acknowledged, none is lost", flush=True)
        print(f"{options.rounds} kills, {total} acknowledged writes, none lost")
    finally:
        run("down", "--data", data, check=False)
        for pid in processes_of(data):
            kill(pid)
        remove(directory)


main()
