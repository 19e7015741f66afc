"""slipway backup while the platform runs, and slipway restore: refused, forced, elsewhere; what clients see afterwards."""

import json
import os
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from support import endpoints, expect, get, processes_of, remove, run, scratch, wait_until  # noqa: E402

directory = scratch()
data = os.path.join(directory, "data")
backup = os.path.join(directory, "backup")


def up(where):
    run("up", "--detach", "--data", where, "--runtime", "sim")


def apply(name, value):
    path = os.path.join(directory, "object.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\ndata: {{value: \"{value}\"}}\n")
    run("apply", "-f", path, "--data", data)


def value_of(where, name):
    answer = json.loads(get(endpoints(where)["api"] + f"/api/v1/namespaces/default/configmaps/{name}"))
    return answer["data"]["value"], int(answer["metadata"]["resourceVersion"])


def watch_status(where, version):
    url = endpoints(where)["api"] + f"/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion={version}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    except urllib.error.HTTPError as error:
        return error.code
    return json.loads(lines[0])["object"]["code"] if lines and '"ERROR"' in lines[0] else 200


try:
    expect(run("backup", backup, "--data", data, check=False).returncode == 3, "there is nothing to back up yet")
    up(data)
    apply("kept", "before")
    done = run("backup", backup, "--data", data)
    expect("backed up" in done.stdout and "audit log" in done.stdout, f"a backup says what it holds: {done.stdout}")
    expect(run("backup", backup, "--data", data, check=False).returncode == 3, "a backup is not written over")
    apply("kept", "after")
    apply("later", "x")
    _, seen = value_of(data, "later")

    for force in [[], ["--force"]]:
        done = run("restore", backup, "--data", data, *force, check=False)
        expect(done.returncode == 3 and "already runs" in done.stderr, f"a running platform is not restored over: {done}")
    run("down", "--data", data)
    done = run("restore", backup, "--data", data, check=False)
    expect(done.returncode == 3 and "--force" in done.stderr, f"nor is data, without a word: {done}")
    done = run("restore", backup, "--data", data, "--force")
    expect("before-restore" in done.stdout, f"it says where the old data is: {done.stdout}")
    up(data)
    value, _ = value_of(data, "kept")
    expect(value == "before", "what was backed up is back")
    try:
        value_of(data, "later")
        sys.exit("what came after the backup is still there")
    except urllib.error.HTTPError as error:
        expect(error.code == 404, "what came after the backup is not there")
    expect(watch_status(data, seen) == 410, "a version from before the restore is gone")
    apply("later", "y")
    expect(value_of(data, "later")[1] > seen, "versions go on above those that were given out")
    expect(json.loads(run("audit", "--verify", "--data", data, "-o", "json").stdout)["entries"] > 0, "the audit log is whole")
    run("down", "--data", data)

    elsewhere = os.path.join(directory, "elsewhere")
    summary = json.loads(run("restore", backup, "--data", elsewhere, "-o", "json").stdout)
    expect(summary["data"] == elsewhere and "replaced" not in summary, f"into an empty place: {summary}")
    with open(os.path.join(backup, "slipway.db"), "r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 4)
    done = run("restore", backup, "--data", os.path.join(directory, "third"), check=False)
    expect(done.returncode != 0 and not os.path.exists(os.path.join(directory, "third", "slipway.db")), f"a damaged backup is refused: {done}")
    wait_until("nothing is left", lambda: not processes_of(data), 20)
    print("backup: as it should be")
finally:
    run("down", "--data", data, check=False)
    remove(directory)
