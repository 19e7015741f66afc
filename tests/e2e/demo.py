"""Plays `slipway demo` and reads its record as a program would. Usage: demo.py sim|llama-server [--times N]"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from support import SLIPWAY, expect, processes_of, remove, run, scratch  # noqa: E402


def play(runtime):
    directory = scratch()
    record = os.path.join(directory, "events.jsonl")
    done = run("demo", "--runtime", runtime, "--record", record, check=False, env={**os.environ, "TMPDIR": directory})
    print(done.stdout[-3000:], done.stderr[-2000:])
    expect(done.returncode == 0, f"the demo ends well, not with {done.returncode}")
    with open(record, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]

    for event in events:
        expect({"time", "step", "actor", "event", "object", "detail"} <= event.keys(), f"every member in {event}")
    steps = {event["step"] for event in events}
    expect({"0", "1", "2", "3", "4", "5", "7", "8", "9", "10"} <= steps, f"events of the ten steps, not only {sorted(steps)}")
    said = {(event["actor"].split("@")[0], event["event"]) for event in events}
    for wanted in [("linus", "declared"), ("ada", "pushed"), ("ci", "registered"), ("ci", "measured"), ("grace", "promotion-requested"), ("linus", "approved"),
                   ("slipway/rollout-controller", "promoted"), ("slipway/rollout-controller", "rolled-back")]:
        expect(wanted in said, f"{wanted[0]} {wanted[1]}")
    weights = [e["detail"] for e in events if e["event"] == "weight-set"]
    expect(weights[:2] == ["v1 gets 10 %", "v1 gets 50 %"], f"10 % and then 50 % for v1, not {weights}")
    expect(any(e["event"] == "approved" and e["digest"].startswith("sha256:") for e in events), "approvals of a digest")
    expect(not os.path.exists(os.path.join(directory, "data")) and not any(n.startswith("slipway-demo") for n in os.listdir(directory)), "the scratch directory is gone")
    left = processes_of(directory)
    expect(not left, f"no process left behind, not {left}")
    remove(directory)


if __name__ == "__main__":
    times = int(sys.argv[sys.argv.index("--times") + 1]) if "--times" in sys.argv else 1
    for _ in range(times):
        play(sys.argv[1])
    print(f"{SLIPWAY} demo --runtime {sys.argv[1]}: {times} of {times} ended well")
