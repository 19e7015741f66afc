"""Bad input is refused before anything happens, with file, line, column and what to do."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from support import ROOT, expect, remove, run, scratch  # noqa: E402

CASES = [
    # file, replacement in the example, what the message must say
    ("deploy/production/rollout.yaml", ("setWeight: 10", "setWieght: 10"), ["rollout.yaml:", "setWieght", "did you mean", "setWeight"]),
    ("deploy/production/traffic.yaml", ("timeout: 120s", "timeuot: 120s"), ["traffic.yaml:", "timeuot"]),
    ("deploy/dev/llmdeployment.yaml", ("replicas: 1", "replicas: many"), ["llmdeployment.yaml:", "replicas"]),
    ("deploy/dev/llmdeployment.yaml", ("  replicas: 1", "  replicas: 1\n  replicas: 2"), ["llmdeployment.yaml:", "replicas", "duplicate"]),
    (".github/workflows/release.yaml", ("runs-on: self-hosted", "runs_on: self-hosted"), ["release.yaml:", "runs_on"]),
    (".github/workflows/release.yaml", ("needs: lint", "needs: lnit"), ["release.yaml:", "lnit"]),
    ("environments/production.yaml", ("order: 3", "ordre: 3"), ["production.yaml:", "ordre"]),
    ("team.yaml", ("tech-lead", "tech-laed"), ["team.yaml", "tech-laed", "tech-lead"]),
    ("slo/availability.yaml", ("  displayName: customers", "  dislayName: customers"), ["availability.yaml:5:", "dislayName", "did you mean", "displayName"]),
    ("deploy/dev/llmdeployment.yaml", ("  labels:", "  lables:"), ["llmdeployment.yaml:", "lables", "did you mean", "labels"]),
    ("slo/availability.yaml", ("target: 0.99", "target: 99"), ["availability.yaml", "target"]),
    ("environments/dev.yaml", ("kind: Environment", "kind: Enviroment"), ["dev.yaml:2:7", "Enviroment", "did you mean", "1 problem in 1 of 19 files"]),
    ("deploy/dev/llmdeployment.yaml", ("kind: LLMDeployment\n", ""), ["llmdeployment.yaml:2:1", "kind"]),
    ("deploy/production/rollout.yaml", ("argoproj.io/v1alpha1", "argoproj.io/v1beta1"), ["rollout.yaml:2:13", "use apiVersion argoproj.io/v1alpha1"]),
    ("environments/production.yaml", ("from: staging", "from: stagng"), ["production.yaml:9:9", "stagng", "did you mean", "staging"]),
    ("environments/production.yaml", ("deploy/production", "deploy/prod"), ["production.yaml:8:14", "deploy/prod"]),
    ("deploy/production/rollout.yaml", ("templateName: users-are-served", "templateName: users"), ["rollout.yaml:", "AnalysisTemplate", "users-are-served"]),
    ("deploy/production/analysis.yaml", ("result[0] >= 0.95", "result[0] =! 0.95"), ["analysis.yaml:19:35", "unexpected"]),
    (".github/workflows/release.yaml", ("steps.register.outputs", "steps.regster.outputs"), ["release.yaml:", "regster", "did you mean"]),
    ("model.yaml", ("license:", "licence:"), ["model.yaml:6:1", "licence", "license"]),
    ("prompts/traffic.jsonl", ('"max_tokens": 6', '"max_tokens" 6'), ["traffic.jsonl:1:"]),
]

directory = scratch()
try:
    run("init", os.path.join(directory, "good"))
    fine = run("lint", os.path.join(directory, "good"))
    expect("files are fine" in fine.stdout, "the example is fine")
    for path, (old, new), words in CASES:
        copy = os.path.join(directory, "bad")
        remove(copy)
        run("init", copy)
        file = os.path.join(copy, path)
        with open(file, encoding="utf-8") as source:
            text = source.read()
        expect(old in text, f"{path} of the example has {old!r}")
        with open(file, "w", encoding="utf-8") as target:
            target.write(text.replace(old, new, 1))
        done = run("lint", copy, check=False)
        said = done.stdout + done.stderr
        print(f"--- {path}: {old!r} -> {new!r}\n{said}")
        expect(done.returncode == 1, f"exit code 1 for {path}, not {done.returncode}")
        for word in words:
            expect(word in said, f"the message about {path} says {word!r}")
    one = run("lint", os.path.join(directory, "good", "team.yaml"))
    expect(one.stdout == "1 file is fine\n", f"one file is one file: {one.stdout}")
    remove(os.path.join(directory, "bad"))
    run("init", os.path.join(directory, "bad"))
    with open(os.path.join(directory, "bad", "deploy/dev/foreign.yaml"), "w", encoding="utf-8") as target:
        target.write("apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\n")
    foreign = run("lint", os.path.join(directory, "bad"))
    expect("Certificate" in foreign.stdout and "19 files are fine; 1 object not checked" in foreign.stdout, f"what is not checked is named: {foreign.stdout}")
    for arguments, code in [(["stauts"], 2), (["up", "--profile", "/nowhere.yaml"], None), (["lint", "/nowhere"], None), (["demo", "--runtime", "gpu"], 2)]:
        done = run(*arguments, check=False)
        expect(done.returncode == code if code else done.returncode != 0, f"slipway {' '.join(arguments)} is refused")
        expect(len(done.stderr) > 10, "and says why")
    profile = os.path.join(directory, "profile.yaml")
    with open(profile, "w", encoding="utf-8") as target:
        target.write("engines:\n  traffic: istio\n  registry: postgresq\n")
    done = run("up", "--profile", profile, "--data", os.path.join(directory, "data"), check=False)
    expect(done.returncode != 0 and "istio" in done.stderr and "profile.yaml:2" in done.stderr, f"a production engine is refused by name and place: {done.stderr}")
    print(done.stderr)
    # What only the started platform finds reads the same in the terminal it was started from, twice too.
    team = os.path.join(directory, "team.yaml")
    with open(team, "w", encoding="utf-8") as target:
        target.write("people:\n  - id: ada@example.com\n    roles: [tech-laed]\n")
    start = ["up", "--data", os.path.join(directory, "data"), "--runtime", "sim", "--team", team]
    plain = run(*start, check=False)
    for _ in range(2):
        done = run(*start, "--detach", check=False)
        expect(done.returncode == plain.returncode == 2 and done.stderr == plain.stderr and not done.stdout, f"a failed detached start says what a plain one says: {done}")
    expect("team.yaml:3:" in plain.stderr and "tech-lead" in plain.stderr, f"with place and hint: {plain.stderr}")
    done = run("up", "--data", os.path.join(directory, "data"), "--var", "=value", check=False)
    expect(done.returncode == 2 and "NAME=VALUE" in done.stderr, "a variable needs a name")
finally:
    remove(directory)
