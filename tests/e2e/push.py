"""What a push starts or does not start is told to who pushes, and a refused workflow is a run that failed."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from support import expect, remove, run, scratch  # noqa: E402

WORKFLOW = "name: {name}\non:\n  push:\n    branches: [main]\njobs:\n  hello:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
GOOD = "      - run: echo hello\n"
BAD = "      - uses: docker/login-action@v3\n      - uses: docker/build-push-action@v6\n"

directory = scratch()
data = os.path.join(directory, "data")
work = os.path.join(directory, "work")
workflows = os.path.join(work, ".github/workflows")


def git(*arguments):
    helper = f"!f() {{ test \"$1\" = get && echo username=token && echo \"password=$(cat '{data}/tokens/default')\"; }}; f"
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", f"credential.helper={helper}"]
    done = subprocess.run(["git", "-C", work, *who, *arguments], capture_output=True, text=True, timeout=60)
    expect(done.returncode == 0, f"git {' '.join(arguments)} works: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def push(branch):
    git("add", ".")
    git("commit", "--quiet", "--allow-empty", "--message", "change")
    said = git("push", url, f"HEAD:refs/heads/{branch}")
    print(said)
    return git("rev-parse", "HEAD").strip(), said


def write(name, steps):
    os.makedirs(workflows, exist_ok=True)
    with open(os.path.join(workflows, name + ".yaml"), "w", encoding="utf-8") as file:
        file.write(WORKFLOW.format(name=name, steps=steps))


def runs():
    return json.loads(run("runs", "list", "--data", data, "-o", "json").stdout)["items"]


def refusals():
    return sum(event["action"] == "refused" for event in json.loads(run("audit", "--data", data, "-o", "json").stdout)["items"])


try:
    run("up", "--detach", "--data", data, "--runtime", "sim")
    url = run("endpoint", "git", "--data", data).stdout.strip() + "/shop.git"
    os.makedirs(work)
    git("init", "--quiet", "--initial-branch=main")

    _, said = push("main")
    expect("remote: branch main: no workflow in .github/workflows" in said, "a commit without workflows is told so")

    write("check", GOOD)
    commit, said = push("main")
    started = runs()[0]["id"]
    expect(f"remote: run {started} started: slipway runs wait --commit {commit}" in said, "the started run is named")
    expect(run("runs", "wait", "--commit", commit, "--data", data).returncode == 0, "and can be waited for")

    _, said = push("feature/x")
    expect("remote: branch feature/x: no workflow listens to it" in said, "a branch that nothing listens to is told so")
    expect(len(runs()) == 1, "and starts nothing")

    write("check", BAD)
    commit, said = push("main")
    for place, action in [("check.yaml:9:15", "docker/login-action@v3"), ("check.yaml:10:15", "docker/build-push-action@v6")]:
        line = next((line for line in said.splitlines() if place in line), "")
        expect(line.startswith("remote: ") and action in line and "(refused)" in line, f"{place} is told")
    expect("main -> main" in said or "HEAD -> main" in said, "the push itself is accepted")
    refused = runs()[0]
    expect(refused["phase"] == "Failed" and refused["commit"] == commit, f"the refusal is a failed run: {refused}")
    expect("check.yaml:9:15" in refused["message"] and refused["name"] == ".github/workflows/check.yaml", "with file and place")
    waited = run("runs", "wait", "--commit", commit, "--data", data, check=False)
    print(waited.stdout, waited.stderr)
    expect(waited.returncode == 1 and "check.yaml:9:15" in waited.stdout, "waiting for it says why, and fails")
    expect("check.yaml:9:15" in run("runs", "show", refused["id"], "--data", data).stdout, "it can be looked at")
    expect(refusals() == 1, "the audit log has it once")

    run("down", "--data", data)
    run("up", "--detach", "--data", data, "--runtime", "sim")
    expect([each["id"] for each in runs()] == [refused["id"], started], "a restart makes no more runs of it")
    expect(refusals() == 1, "and no more records")

    write("check", GOOD)
    commit, _ = push("main")
    expect(run("runs", "wait", "--commit", commit, "--data", data).returncode == 0, "the mended file runs")
    print("a push says what it starts; a refused workflow is a failed run")
finally:
    run("down", "--data", data, check=False)
    remove(directory)
