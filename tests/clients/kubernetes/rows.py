"""Rows: one kubectl command each, and what a server must answer to it. A table of rows is a story: later rows see what earlier ones
did. What is deterministic is compared with the answer recorded from kube-apiserver (expected/TABLE.txt), after what differs between
two runs (uids, times, addresses, versions, the run's own names) is masked; the rest is judged by what must, or must not, be in it."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

HERE = Path(__file__).parent
PATIENCE = 60  # seconds after which a command hangs


@dataclass
class Row:
    name: str
    command: str  # what follows "kubectl"; {ns}, {x}, {dir} and captured words are put in
    code: Optional[int] = 0  # None: any but 0
    has: tuple = ()  # texts or compiled patterns that the output (both streams) must hold
    lacks: tuple = ()
    check: Optional[Callable] = None  # of the JSON on standard output; False or an exception is a failure
    recorded: bool = True  # compared with the recorded answer, unless has, lacks or check say what is wanted
    stdin: str = ""
    env: Optional[dict] = None
    during: tuple = ()  # kubectl commands run one after the other while this one runs
    stop: bool = False  # the command does not end by itself: it is stopped when `lines` are there
    lines: int = 0  # how many lines a stopped command must have printed
    until: float = 0  # seconds to try again for
    needs: str = ""  # "controllers": skipped where no controllers run
    capture: str = ""  # the output's last line is kept under this name

    def judged(self):
        return bool(self.has or self.lacks or self.check) or not self.recorded


def see(name, command, *has, **more):
    """A row judged by what its output holds."""
    return Row(name, command, has=has, recorded=False, **more)


SETUP = [Row("create what is looked at", "create -f things.yaml"), see("create a node", "create -f node.yaml", "node/node-{x} created")]

MASKS = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "TIME"),
    (re.compile(r"(resourceVersion\"?: )\"\d+\""), r"\1VERSION"),
    (re.compile(r"(Resource Version:\s+)\d+"), r"\1VERSION"),
    (re.compile(r"https?://[\w.-]+:\d+"), "SERVER"),
    (re.compile(r"\b(\d{1,3}\.){3}\d{1,3}\b"), "ADDRESS"),
    (re.compile(r"(nodePort: |:)(3[0-2]\d{3})\b"), r"\1NODEPORT"),
    (re.compile(r"(?<=\s)(<invalid>|(\d+[smhd]){1,3})(?=\s|$)", re.M), "AGE"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "TOKEN"),
]


class Table:
    """Runs rows in a namespace of its own, made new for this run; `ok` and `FAIL` lines as it goes."""

    def __init__(self, name, kubectl, kubeconfig, record=False, verbose=False):
        self.name, self.kubectl, self.record, self.verbose = name, os.path.abspath(kubectl), record, verbose
        self.failed, self.passed, self.skipped = [], 0, 0
        self.file = HERE / "expected" / f"{name}.txt"
        self.expected = {} if record else read_expected(self.file)
        self.recorded = {}
        self.dir = tempfile.mkdtemp(prefix="slipway-rows-")
        suffix = "r" + uuid.uuid4().hex[:5]
        self.words = {"x": suffix, "ns": f"rows-{suffix}", "dir": self.dir}
        self.env = {**os.environ, "HOME": self.dir, "KUBECONFIG": f"{self.dir}/config", "KUBECACHEDIR": f"{self.dir}/cache", "NO_COLOR": "1"}
        self.controllers = False
        with open(self.dir + "/config", "w", encoding="utf-8") as config:
            subprocess.run([self.kubectl, "--kubeconfig", os.path.abspath(kubeconfig), "config", "view", "--raw", "--flatten"], stdout=config, check=True)
        for manifest in (HERE / "manifests").glob("*.yaml"):
            self.write(manifest.name, manifest.read_text(encoding="utf-8"))

    def write(self, name, text):
        Path(self.dir, name).write_text(text.replace("SUFFIX", self.words["x"]), encoding="utf-8")

    def __enter__(self):
        self.run("config set-context --current --namespace={ns}")
        made = self.run("create namespace {ns}")
        if made.returncode:
            raise SystemExit(f"no namespace to work in: {made.stderr}")
        for _ in range(10):
            self.controllers = self.run("get serviceaccount default").returncode == 0
            if self.controllers:
                break
            time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.run("delete namespace {ns} --wait=false")
        shutil.rmtree(self.dir, ignore_errors=True)

    def fill(self, command):
        return re.sub(r"\{(\w+)\}", lambda found: self.words.get(found[1], found[0]), command)

    def start(self, command, env=None, **streams):
        return subprocess.Popen([self.kubectl, *shlex.split(self.fill(command))], cwd=self.dir, env={**self.env, **(env or {})}, text=True, **streams)

    def run(self, command, stdin="", env=None):
        process = self.start(command, env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(self.fill(stdin), timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nnot finished after {PATIENCE} s\n"
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def run_during(self, row):
        """The row's command in the background, the others beside it once it has had a second to begin."""
        with open(self.dir + "/out", "w+", encoding="utf-8") as out, open(self.dir + "/err", "w+", encoding="utf-8") as err:
            process = self.start(row.command, row.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            trouble = ""
            time.sleep(1.5)
            for command in row.during:
                done = self.run(command)
                trouble += done.stderr if done.returncode else ""
                time.sleep(0.2)
            deadline = time.monotonic() + (20 if row.stop else PATIENCE)
            while time.monotonic() < deadline and process.poll() is None:
                if row.stop and Path(out.name).read_text(encoding="utf-8").count("\n") >= row.lines:
                    break
                time.sleep(0.1)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            code = process.wait()
            out.seek(0), err.seek(0)
            return subprocess.CompletedProcess(row.command, 0 if row.stop and code == -9 else code, out.read(), err.read() + trouble)

    def mask(self, text):
        text = text.replace(self.dir, "DIR").replace(self.words["x"], "XXXXXX")
        for pattern, replacement in MASKS:
            text = pattern.sub(replacement, text)
        return "".join(re.sub(r"(?<=\S) {2,}", "  ", line).rstrip() + "\n" for line in text.splitlines())

    def complaint(self, row, done):
        """What is wrong with the answer; empty when nothing is."""
        both = self.mask(done.stdout + done.stderr)
        if done.returncode != row.code and (row.code is not None or done.returncode == 0):
            return f"exit code {done.returncode} instead of {'a failure' if row.code is None else row.code}"
        for text in row.has:
            if not (text.search(both) if isinstance(text, re.Pattern) else self.fill(text).replace(self.words["x"], "XXXXXX") in both):
                return f"without {getattr(text, 'pattern', text)!r}"
        for text in row.lacks:
            if (text.search(both) if isinstance(text, re.Pattern) else text in both):
                return f"with {getattr(text, 'pattern', text)!r}"
        if row.check:
            try:
                if row.check(json.loads(done.stdout)) is False:
                    return "its check says no"
            except (ValueError, KeyError, IndexError, TypeError, AssertionError) as error:
                return f"{type(error).__name__}: {error}"
        if not row.judged():
            if self.record:
                self.recorded[row.name] = (row, both)
            elif self.expected.get(row.name) is None:
                return "not recorded"
            elif self.expected[row.name] != both:
                return "other than recorded:\n" + self.expected[row.name] + "------- it was:"
        return ""

    def play(self, rows):
        for row in rows:
            if row.needs == "controllers" and not self.controllers:
                self.skipped += 1
                print(f"skip  {row.name}: no controllers run here")
                continue
            deadline = time.monotonic() + row.until
            while True:
                done = self.run_during(row) if row.during or row.stop else self.run(row.command, row.stdin, row.env)
                complaint = self.complaint(row, done)
                if not complaint or time.monotonic() > deadline:
                    break
                time.sleep(0.3)
            if row.capture:
                self.words[row.capture] = (done.stdout.strip().splitlines() or [""])[-1]
            if complaint:
                self.failed.append(row.name)
                print(f"FAIL  {row.name}\n      $ kubectl {row.command}\n      {complaint}")
                print("".join(f"      | {line}\n" for line in self.mask(done.stdout + done.stderr).splitlines()[:80]), end="", flush=True)
            else:
                self.passed += 1
                print(f"ok    {row.name}", flush=True)
                if self.verbose:
                    print("".join(f"      | {line}\n" for line in self.mask(done.stdout + done.stderr).splitlines()), end="", flush=True)
        if self.recorded:
            write_expected(self.file, self.recorded)


def read_expected(file):
    """Row name to masked output. The file has `## NAME`, `$ COMMAND`, then the output, each line behind two spaces."""
    expected, name = {}, ""
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        if line.startswith("## "):
            name = line[3:]
            expected[name] = ""
        elif not line.startswith("$ "):
            expected[name] += line[2:] + "\n"
    return expected


def write_expected(file, recorded):
    with open(file, "w", encoding="utf-8") as out:
        for name, (row, text) in recorded.items():
            out.write(f"## {name}\n$ kubectl {row.command}\n" + "".join(f"  {line}".rstrip() + "\n" for line in text.splitlines()))
