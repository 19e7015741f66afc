"""The definitions of Istio, Argo, KServe, the gateway API and others, applied with kubectl, and the sample objects of those projects, created
with it. Usage: projects_rows.py KUBECTL KUBECONFIG [--record]      (tests/clients/crds has fetched them to build/crds)
What a server says to each sample is compared with what kube-apiserver said (expected/projects.txt), text for text, but for kinds that an
engine of Slipway runs: what such an engine does not do it refuses, and says at which field."""

import re
import subprocess
import sys
import time
from pathlib import Path

import yaml
from rows import HERE, Table, read_expected

CRDS = HERE.parents[2] / "build" / "crds"
RUN_HERE = {("argoproj.io", "Rollout"), ("argoproj.io", "AnalysisTemplate"), ("argoproj.io", "AnalysisRun"), ("networking.istio.io", "Gateway"),
            ("networking.istio.io", "VirtualService"), ("networking.istio.io", "DestinationRule")}
WRONG = {
    "a route without a destination": "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: wrong}, spec: {hosts: [a], http: [{route: [{weight: 5}]}]}}",
    "hosts that are no list": "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: wrong}, spec: {hosts: a}}",
    "a load balancer nobody has": "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: wrong}, spec: {host: a, trafficPolicy: {loadBalancer: {simple: FASTEST}}}}",
    "a listener without a port": "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: wrong}, spec: {gatewayClassName: a, listeners: [{name: a, protocol: HTTP}]}}",
    "a workflow with a wrong parallelism": "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: wrong}, spec: {entrypoint: a, parallelism: many}}",
    "a pool without a selector": "{apiVersion: inference.networking.k8s.io/v1, kind: InferencePool, metadata: {name: wrong}, spec: {targetPorts: [{number: 8000}], endpointPickerRef: {name: a, port: {number: 1}}}}",
    "a monitor without endpoints": "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: wrong}, spec: {selector: {}}}",
    "an unknown field": "{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, metadata: {name: wrong}, spec: {predictor: {modle: {}}}}",
}


def documents(folder):
    """(file's name with the document's place, text, parsed) of every document that can be read; templates of other tools cannot."""
    for path in sorted(folder.glob("*.y*ml")):
        for place, text in enumerate(re.split(r"^---.*$", path.read_text(encoding="utf-8"), flags=re.M)):
            try:
                parsed = yaml.safe_load(text)
            except yaml.YAMLError:
                continue
            if isinstance(parsed, dict) and parsed.get("kind") and parsed.get("metadata"):
                yield f"{path.stem}-{place}.yaml", text, parsed


def group_kind(document):
    return str(document.get("apiVersion", "")).rpartition("/")[0], document["kind"]


class Projects:
    def __init__(self, table, record):
        self.table, self.record = table, record
        self.file = HERE / "expected" / "projects.txt"
        self.expected = {} if record else read_expected(self.file)
        self.said = {}
        self.passed, self.failed, self.other = 0, [], 0

    def check(self, name, complaint):
        print(f"FAIL  {name}\n      {complaint}" if complaint else f"ok    {name}", flush=True)
        if complaint:
            self.failed.append(name)
        else:
            self.passed += 1

    def define(self, project):
        """The project's definitions; the group, kind and version of each that is served."""
        files, served, names = Path(self.table.dir, project, "crds"), set(), []
        files.mkdir(parents=True)
        for file, text, parsed in documents(CRDS / project / "crds"):
            if parsed["kind"] != "CustomResourceDefinition" or not (parsed.get("spec") or {}).get("versions"):
                continue
            (files / file).write_text(text, encoding="utf-8")
            names.append("crd/" + parsed["metadata"]["name"])
            served |= {(parsed["spec"]["group"], parsed["spec"]["names"]["kind"], version["name"]) for version in parsed["spec"]["versions"] if version["served"]}
        done = self.table.run(f"apply --server-side --force-conflicts -f {files}")
        self.check(f"{project}: {len(names)} definitions are applied", done.stderr if done.returncode or done.stdout.count("serverside-applied") != len(names) else "")
        for _ in range(5):  # kubectl's wait gives up when a definition is so new that it has no conditions yet
            done = self.table.run(f"wait --for=condition=Established --timeout=30s {' '.join(names)}")
            if done.returncode == 0:
                break
            time.sleep(1)
        self.check(f"{project}: they are served", done.stderr)
        return served

    def judge(self, name, files, kinds, generated):
        """Creates what is in the files, and compares what the server says to each with what it should. `generated` has the beginnings of
        names that the server makes."""
        done = subprocess.CompletedProcess("", 0, "", "")
        process = self.table.start(f"create -f {files}", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        done.stdout, done.stderr = process.communicate(timeout=600)
        errors = {}
        for line in self.table.mask(done.stderr).splitlines():
            found = re.search(rf"{re.escape('DIR')}/\S*?/([^/\s]+\.yaml)", line)
            file = found[1] if found else (file if errors else "?")
            errors[file] = errors.get(file, "") + line.replace(str(found[0]) if found else "", "FILE") + "\n"
        created = len(done.stdout.splitlines())
        if created + len(errors) != len(kinds):
            return self.check(name, f"{created} created and {len(errors)} refused of {len(kinds)}:\n{done.stderr[-2000:]}")
        errors = {file: re.sub(rf"({re.escape(generated.get(file, '(?!)'))})[a-z0-9]{{5}}", r"\1GENERATED", text) for file, text in errors.items()}
        here = {file: text for file, text in errors.items() if kinds.get(file) in RUN_HERE}
        said = {f"{name}: {file}": errors.get(file, "created\n") for file in kinds if file not in here or self.record}
        self.said |= said
        self.other += len(here)
        complaints = [f"{file}: {text}" for file, text in here.items() if not re.search(r"\b[a-z]\w*[.\[]\w+", text.partition("FILE")[2])] if not self.record else []
        if not self.record:
            complaints += [f"{case}\n      wanted: {self.expected.get(case, 'not recorded')}      was:    {text}" for case, text in said.items() if self.expected.get(case) != text]
        refused = f", {len(errors)} of them refused" if errors else ""
        self.check(f"{name}: {len(kinds)} are judged as by kube-apiserver{refused}", "\n      ".join(complaints))

    def samples(self, project, served):
        files, kinds, generated, spaces = Path(self.table.dir, project, "samples"), {}, {}, set()
        files.mkdir()
        for file, text, parsed in documents(CRDS / project / "samples"):
            version = str(parsed.get("apiVersion", "")).rpartition("/")[2]
            if (*group_kind(parsed), version) not in served:
                continue
            (files / file).write_text(text, encoding="utf-8")
            kinds[file] = group_kind(parsed)
            if "generateName" in parsed["metadata"]:
                generated[file] = parsed["metadata"]["generateName"]
            spaces |= {parsed["metadata"].get("namespace") or ""}
        for space in spaces - {""}:
            self.table.run(f"create namespace {space}")
        if kinds:
            # One namespace for all: where a sample names another, kubectl takes that.
            self.judge(f"{project}: samples", files, kinds, generated)

    def wrong(self):
        files, kinds = Path(self.table.dir, "wrong"), {}
        files.mkdir()
        for name, text in WRONG.items():
            file = name.replace(" ", "-") + ".yaml"
            (files / file).write_text(text, encoding="utf-8")
            kinds[file] = group_kind(yaml.safe_load(text))
        self.judge("what is wrong", files, kinds, {})

    def finish(self):
        if self.record:
            with open(self.file, "w", encoding="utf-8") as out:
                for name, text in self.said.items():
                    out.write(f"## {name}\n" + "".join(f"  {line}\n" for line in text.splitlines()))
        print("".join(f"failed: {row}\n" for row in self.failed) + f"{self.passed} rows as they should be, {len(self.failed)} not; "
              f"{len(self.said)} samples compared, {self.other} refused by the engine that would run them")
        return 1 if self.failed else 0


def main():
    record = "--record" in sys.argv
    with Table("projects", sys.argv[1], sys.argv[2]) as table:
        projects = Projects(table, record)
        for folder in sorted(path.name for path in CRDS.iterdir() if (path / "crds").is_dir()):
            projects.samples(folder, projects.define(folder))
        projects.wrong()
    return projects.finish()


if __name__ == "__main__":
    sys.exit(main())
