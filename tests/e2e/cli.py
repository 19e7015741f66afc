"""The command line itself: completion in the real shells, exit codes, formats of errors, the audit log, progress lines."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(__file__))
from support import SLIPWAY, endpoints, expect, remove, run, scratch  # noqa: E402

# line that is typed, words that must be offered, words that must not
COMPLETIONS = [
    ("slipway ", ["up", "runs", "completion"], ["--runtime", "a-file"]),
    ("slipway runs ", ["list", "show", "wait"], ["up", "a-file"]),
    ("slipway up --r", ["--runtime"], ["--team", "a-file"]),
    ("slipway up --runtime ", ["llama-server", "sim"], ["--team", "a-file"]),
    ("slipway up --runtime s", ["sim"], ["llama-server", "a-file"]),
    ("slipway up --runtime=", ["sim"], ["--team", "a-file"]),
    ("slipway runs list -o ", ["table", "json", "yaml"], ["--limit", "a-file"]),
    ("slipway completion ", ["bash", "zsh", "fish"], ["a-file"]),
    ("slipway endpoint ", ["api", "gateway", "ui"], ["a-file"]),
    ("slipway apply -f ", ["a-file", "a-directory"], ["--data"]),
    ("slipway up --data ", ["a-directory"], ["a-file", "--team"]),
    ("slipway lint ", ["a-file", "a-directory"], ["--output"]),
]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv, directory, **environment):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execvpe(argv[0], argv, {**os.environ, "TERM": "xterm", **environment})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))

    def read(self, until=None, seconds=10.0):
        """All that was written since the last read, up to the end or to what matches `until`."""
        deadline = time.monotonic() + seconds
        text = ""
        while time.monotonic() < deadline and not (until and re.search(until, text)):
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    some = os.read(self.fd, 65536)
                except OSError:  # it ended
                    break
                if not some:
                    break
                text += some.decode(errors="replace")
        self.text += text
        return text

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def in_bash(line, directory, environment):
    words = line.replace("=", " = ").split(" ") if line.endswith("=") else line.split(" ")
    words = [w for w in words[:-1] if w] + ([] if line.endswith("=") else [words[-1]])
    script = (
        'source <(slipway completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], cwd=directory, env=environment, capture_output=True, text=True, timeout=30)
    expect(done.stderr == "", f"bash has nothing to complain about: {done.stderr}")
    return done.stdout.split("\n")


def in_fish(line, directory, environment):
    script = f"slipway completion fish | source; complete -C '{line}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=directory, env=environment, capture_output=True, text=True, timeout=30)
    expect(done.stderr == "", f"fish has nothing to complain about: {done.stderr}")
    words = [offer.split("\t")[0] for offer in done.stdout.split("\n")]
    return [word.rstrip("/").removeprefix("--runtime=") for word in words]


class Zsh:
    """An interactive zsh with slipway's completion on its $fpath; ^X lists what it would offer."""

    def __init__(self, directory, environment):
        with open(os.path.join(directory, "_slipway"), "w", encoding="utf-8") as file:
            file.write(run("completion", "zsh").stdout)
        self.terminal = Terminal(["zsh", "-f", "-i"], directory, PATH=environment["PATH"], HOME=directory)
        self.terminal.type("PS1='> '; unset zle_bracketed_paste; unsetopt prompt_sp; setopt no_beep\n")
        self.terminal.type("fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' verbose no\n")
        self.terminal.type("LISTMAX=1000; bindkey '^X' list-choices; echo rea''dy\n")
        expect("ready" in self.terminal.read("ready\r\n> ", 30), f"zsh starts: {self.terminal.text!r}")

    def offers(self, line):
        self.terminal.type(line + "\x18")
        # the list follows on rows of its own, and the cursor goes back up to the line
        shown = self.terminal.read(r"\n(.|\n)*\x1b\[\d*A", 5)
        self.terminal.type("\x15")  # ^U
        self.terminal.read(None, 0.3)
        for complaint in ("_slipway:", "unrecognized", "parse error", "not found"):
            expect(complaint not in shown, f"zsh has nothing to complain about: {shown!r}")
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", " ", shown.partition("\n")[2])
        return [word.rstrip("/").removeprefix("--runtime=") for word in shown.split()]

    def close(self):
        self.terminal.type("exit\n")
        self.terminal.read(None, 5)
        self.terminal.close()


def completion(directory):
    binaries = os.path.join(directory, "bin")
    work = os.path.join(directory, "work")
    os.makedirs(binaries)
    os.makedirs(os.path.join(work, "a-directory"))
    open(os.path.join(work, "a-file"), "w", encoding="utf-8").close()
    os.symlink(SLIPWAY, os.path.join(binaries, "slipway"))
    environment = {**os.environ, "PATH": binaries + ":" + os.environ["PATH"], "HOME": directory}
    skipped = []
    for shell in ("bash", "zsh", "fish"):
        if shutil.which(shell) is None:
            skipped.append(shell)
            continue
        zsh = Zsh(work, environment) if shell == "zsh" else None
        for line, wanted, unwanted in COMPLETIONS:
            if zsh:
                offered = zsh.offers(line)
            else:
                offered = (in_bash if shell == "bash" else in_fish)(line, work, environment)
            for word in wanted:
                expect(word in offered, f"{shell} offers {word} after {line!r}: {offered}")
            for word in unwanted:
                expect(word not in offered, f"{shell} does not offer {word} after {line!r}: {offered}")
        if zsh:
            zsh.close()
        print(f"completion works in {shell}")
    if skipped:
        print(f"skipped, not installed: {', '.join(skipped)}")


def usage(directory):
    """What is refused before a platform is asked."""
    nothing = os.path.join(directory, "nothing-here")
    profile = os.path.join(directory, "two-mistakes.yaml")
    with open(profile, "w", encoding="utf-8") as file:
        file.write("engines: {ci: github, cd: x}\nlisten: {prt: 1}\n")
    for arguments, code, words in [
        (["stauts"], 2, ["did you mean \"status\""]),
        (["runs", "lsit"], 2, ["did you mean \"list\"", "slipway runs --help"]),
        (["runs", "list", "--limit", "abc"], 2, ["--limit", "abc", "not a whole number", "slipway runs list --help"]),
        (["load", "--model", "m", "--prompts", "p", "--rate", "-1"], 2, ["--rate", "0 or more"]),
        (["run", nothing], 2, [nothing]),
        (["apply", "-f", nothing], 2, [nothing]),
        (["lint", nothing], 2, [nothing]),
        (["up", "--data", directory, "--profile", profile], 2, ["3 problems", "github", "prt"]),
        (["status", "--data", nothing], 4, ["slipway up"]),
    ]:
        done = run(*arguments, check=False)
        expect(done.returncode == code, f"slipway {' '.join(arguments)} ends with {code}, not {done.returncode}: {done.stderr}")
        for word in words:
            expect(word in done.stderr, f"slipway {' '.join(arguments)} says {word!r}: {done.stderr}")
    for arguments in (["runs", "list", "--limit", "abc"], ["status", "--data", nothing]):
        done = run(*arguments, "-o", "json", check=False)
        expect(json.loads(done.stdout)["error"]["message"] and not done.stderr, f"{arguments} -o json is JSON")
        done = run(*arguments, "-o", "yaml", check=False)
        expect(done.stdout.startswith("error:\n") and not done.stderr, f"{arguments} -o yaml is YAML")
    expect("Usage: slipway runs list " in run("runs", "list", "--help").stdout, "usage names the whole verb")
    for group in ("runs", "model", "rollout", "token"):
        expect("Examples:" in run(group, "--help").stdout, f"slipway {group} --help has examples")


def with_platform(directory):
    data = os.path.join(directory, "data")
    team = os.path.join(directory, "models", "team.yaml")
    run("init", os.path.join(directory, "models"))
    run("up", "--detach", "--runtime", "sim", "--data", data, "--team", team)
    try:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SLIPWAY_")}
        people = sorted(os.listdir(os.path.join(data, "tokens")))
        person = next(p for p in people if p.startswith("grace"))
        workflow = os.path.join(directory, "w.yaml")
        with open(workflow, "w", encoding="utf-8") as file:
            file.write("name: w\non: push\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n")
            for number in (1, 2, 3):
                file.write(f"      - name: step {number}\n        run: sleep 0.6\n")

        done = run("run", workflow, "--data", data, check=False, env=environment)
        expect(done.returncode == 3 and "--as PERSON" in done.stderr and person in done.stderr, f"who has no token is told of --as: {done.stderr}")
        done = run("runs", "show", "no-such", "--data", data, check=False)
        expect(done.returncode == 3, f"what does not exist ends with 3, not {done.returncode}")

        # a run that is followed on a terminal: each line begins where the progress line was erased
        terminal = Terminal([SLIPWAY, "run", workflow, "--wait", "--data", data, "--as", person], directory)
        shown = terminal.read(None, 60)
        terminal.close()
        print(repr(shown))
        expect("running: " in shown and "ok  " in shown, f"progress and lines: {shown!r}")
        expect("step 2" in shown, f"steps are named: {shown!r}")
        for line in shown.replace("\r\n", "\n").split("\n"):
            if re.search(r"ok  |run \S+ Succeeded", line):
                on_screen = re.sub(r"\x1b\[\d*m", "", line.split("\r\x1b[K")[-1])
                expect(re.match(r"ok  |run ", on_screen), f"the progress line is erased before {line!r}")

        for number in range(4):
            run("token", "create", person, "--label", f"t{number}", "--data", data, "--as", person)
        whole = json.loads(run("audit", "--data", data, "--limit", "1000", "-o", "json").stdout)["items"]
        numbers = [e["sequence"] for e in whole]
        expect(len(whole) > 4 and numbers == sorted(numbers), "the audit log is in order")
        done = run("audit", "--data", data, "--limit", "2", "-o", "json")
        newest = json.loads(done.stdout)["items"]
        expect([e["sequence"] for e in newest] == numbers[-2:], f"the newest two: {newest}")
        expect(f"{len(whole) - 2} older ones are left out" in done.stderr, done.stderr)
        done = run("audit", "--data", data, "--limit", "2", "--after", "1", "-o", "json")
        expect([e["sequence"] for e in json.loads(done.stdout)["items"]] == [2, 3] and "--after 3" in done.stderr, done.stdout + done.stderr)
        done = run("audit", "--data", data, "--action", "token-issued", "--actor", "grace")
        expect(done.stdout.count("token-issued") == 4, done.stdout)
        expect(not re.search(r"\d\.\d{6}Z", done.stdout), f"times without microseconds: {done.stdout}")
        expect(run("audit", "--data", data, "--after", "x", check=False).returncode == 2, "--after takes a number")

        # tokens are listed and ended
        mine = ["--data", data, "--as", person]
        secret = run("token", "create", person, "--label", "to be lost", *mine).stdout.strip()
        lost = next(t for t in json.loads(run("token", "list", *mine, "-o", "json").stdout)["items"] if t["label"] == "to be lost")
        with_it = {**environment, "SLIPWAY_URL": endpoints(data)["api"], "SLIPWAY_TOKEN": secret}
        run("token", "list", env=with_it)
        expect("revoked" in run("token", "revoke", lost["id"], *mine).stdout, "revoke says so")
        done = run("token", "list", env=with_it, check=False)
        expect(done.returncode == 3 and "revoked" in done.stderr, f"a revoked token is refused: {done}")
        expect(re.search(lost["id"] + r" .* to be lost .* revoked", run("token", "list", *mine).stdout), "the list says which are revoked")
        expect(run("token", "revoke", "no-such", *mine, check=False).returncode == 3, "what is not there is not revoked")

        # apply places what names no namespace, and tells what would not be kept
        manifest = os.path.join(directory, "map.yaml")
        with open(manifest, "w", encoding="utf-8") as file:
            file.write("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n")
        expect("shop/m" in run("apply", "-n", "shop", "-f", manifest, *mine).stdout, "apply -n")
        expect("default/m" in run("apply", "-f", manifest, *mine).stdout, "as kubectl: default")
        with open(manifest, "w", encoding="utf-8") as file:
            file.write("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: other}\ndata: {a: b}\n")
        done = run("apply", "-n", "shop", "-f", manifest, *mine, check=False)
        expect(done.returncode == 2 and "-n other" in done.stderr, f"two namespaces are one too many: {done}")
        run("apply", "-f", os.path.join(directory, "models", "slo"), *mine)
        slo = json.loads(run("get", "slos", "-o", "json", *mine).stdout)["items"][0]
        expect(slo["metadata"]["displayName"] == "customers get an answer", f"OpenSLO's displayName is kept: {slo['metadata']}")
    finally:
        run("down", "--data", data, check=False)


scratch_directory = scratch()
try:
    completion(scratch_directory)
    usage(scratch_directory)
    with_platform(scratch_directory)
finally:
    remove(scratch_directory)
print("fine")
