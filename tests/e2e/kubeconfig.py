"""`slipway endpoint` and the kubeconfigs that a start writes: as whom, what stays in them, where SLIPWAY_URL leads."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from support import ROOT, endpoints, expect, kill, processes_of, remove, run, scratch, wait_until  # noqa: E402

directory = scratch()
data = os.path.join(directory, "data")
ADA, GRACE = "ada@example.com", "grace@example.com"
TEAM = os.path.join(ROOT, "examples/support-assistant/team.yaml")
plain = {k: v for k, v in os.environ.items() if not k.startswith("SLIPWAY_")}


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def token_of(person):
    return text_of(os.path.join(data, "tokens", person)).strip()


def kubectl(path, *arguments):
    return subprocess.run(["kubectl", "--kubeconfig", path, "--cache-dir", os.path.join(directory, "cache"), *arguments],
                          capture_output=True, text=True, check=True).stdout


def private(path):
    expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, f"{path} is its owner's alone")


try:
    run("up", "--detach", "--data", data, "--runtime", "sim", "--team", TEAM)
    path = run("endpoint", "kubeconfig", "--data", data).stdout.strip()
    private(path)
    made = text_of(path)
    expect(f"token: {token_of(GRACE)}" in made, "the current user is the one who administers")
    expect(f"name: slipway-{ADA}" in made and token_of(ADA) in made, "there is a context for each person")
    hers = run("endpoint", "kubeconfig", "--data", data, "--as", ADA).stdout.strip()
    private(hers)
    expect(hers != path and token_of(ADA) in text_of(hers) and token_of(GRACE) not in text_of(hers), "--as names a file of that person alone")
    refused = run("endpoint", "kubeconfig", "--data", data, "--as", "eve@example.com", check=False)
    expect(refused.returncode == 3 and not refused.stdout, f"nobody's kubeconfig: {refused}")

    # SLIPWAY_URL comes first.
    faces = endpoints(data)
    elsewhere = {**plain, "SLIPWAY_DATA": os.path.join(directory, "nothing"), "SLIPWAY_URL": faces["api"]}
    for face in ("api", "git", "gateway", "prometheus", "kubernetes"):
        expect(run("endpoint", face, env=elsewhere).stdout.strip() == faces[face], f"{face} by SLIPWAY_URL")
    done = run("endpoint", "kubeconfig", env=elsewhere, check=False)
    expect(done.returncode == 3 and not done.stdout and "--user" in done.stderr, f"no file of another data directory: {done}")
    done = run("endpoint", "kubeconfig", "--data", os.path.join(directory, "nothing"), check=False)
    expect(done.returncode == 4 and not done.stdout, f"without a platform there is no kubeconfig: {done}")

    # One for somebody else, with a private key in it.
    out = os.path.join(directory, "ada.kubeconfig")
    os.umask(0)
    done = run("endpoint", "kubeconfig", "--user", ADA, "--output", out, "--data", data, "--as", GRACE)
    private(out)
    expect("client-key-data" in text_of(out) and "client-key-data" not in done.stdout, f"--output writes it: {done}")
    done = run("endpoint", "api", "--output", out, "--data", data, check=False)
    expect(done.returncode == 2, f"--output is for kubeconfigs: {done}")

    if shutil.which("kubectl"):
        who = lambda *arguments: json.loads(kubectl(*arguments, "auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"]  # noqa: E731
        expect(who(path) == GRACE and who(path, "--context", "slipway-" + ADA) == ADA and who(hers) == ADA, "kubectl is who the kubeconfig says")
        applied = kubectl(path, "apply", "-f", os.path.join(ROOT, "examples/support-assistant/slo"))
        expect(applied.count(" created") == 1, f"the README's kubectl apply: {applied}")
        pod = os.path.join(directory, "pod.yaml")
        with open(pod, "w", encoding="utf-8") as file:
            file.write(re.search(r"```yaml\n(apiVersion: v1\nkind: Pod\n.*?)```", text_of(os.path.join(ROOT, "docs/kubernetes.md")), re.DOTALL).group(1))
        kubectl(path, "apply", "-f", pod)
        kubectl(path, "wait", "--for=condition=Ready", "--timeout=60s", "pod/hello")  # the Pod that docs/kubernetes.md shows
        kubectl(path, "config", "set-context", "--current", "--namespace", "shop")
        kubectl(path, "config", "set-context", "prod", "--cluster", "elsewhere", "--user", "me")
        run("down", "--data", data)
        run("up", "--detach", "--data", data, "--runtime", "sim")
        expect(kubectl(path, "config", "view", "--minify", "-o", "jsonpath={..namespace}") == "shop", "the chosen namespace stays")
        expect("prod" in kubectl(path, "config", "get-contexts", "-o", "name").split(), "a context of others stays")
        expect(who(path) == GRACE, "and it works as before")
        private(path)
    # The file of the team counts when it is changed, and a wrong one changes nothing.
    team, bob = os.path.join(data, "team.yaml"), "bob@example.com"
    good = text_of(team)
    with open(team, "w", encoding="utf-8") as file:
        file.write(good.replace("people:", f"people:\n  - {{id: {bob}, name: Bob, roles: [tech-lead]}}", 1))
    wait_until("Bob has a token", lambda: os.path.exists(os.path.join(data, "tokens", bob)))
    run("token", "list", "--data", data, "--as", GRACE)
    with open(team, "w", encoding="utf-8") as file:
        file.write("people: [")
    told = lambda: run("audit", "--data", data, "--as", GRACE, "--action", "refused").stdout  # noqa: E731
    wait_until("a wrong file is on record", lambda: "team.yaml" in told())
    expect(os.path.exists(os.path.join(data, "tokens", bob)), "the team stays as it was")
    with open(team, "w", encoding="utf-8") as file:
        file.write(good)
    wait_until("Bob has left", lambda: not os.path.exists(os.path.join(data, "tokens", bob)))
    print("endpoint and kubeconfigs: as they should be")
finally:
    run("down", "--data", data, check=False)
    for pid in processes_of(data):
        kill(pid)
    remove(directory)
