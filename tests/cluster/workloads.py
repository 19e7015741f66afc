"""The same stories of workloads told to the controllers of Kubernetes and to ours: what people see at each quiet point must be the same.
Nobody runs the Pods (they name a scheduler that is nowhere): the story itself says which are ready, succeeded or failed.
Usage: workloads.py KUBECTL REAL_KUBECONFIG OUR_KUBECONFIG [STORY...]"""

import concurrent.futures
import difflib
import json
import os
import re
import subprocess
import sys
import time

QUIET = 3  # so many looks in a row see the same
FIELDS = {
    "deployments": ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "collisionCount"],
    "statefulsets": ["observedGeneration", "replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas", "collisionCount"],
    "jobs": ["active", "ready", "terminating", "succeeded", "failed", "completedIndexes", "failedIndexes", "uncountedTerminatedPods"],
    "cronjobs": ["lastScheduleTime"],
    "horizontalpodautoscalers": ["currentReplicas", "desiredReplicas"],
    "poddisruptionbudgets": ["observedGeneration", "expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"],
    "replicationcontrollers": ["observedGeneration", "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
}
LABELS = ["app", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index"]


def masked(text):
    text = re.sub(r"-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b", "-HASH", text)
    return re.sub(r"-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-POD", text)


class Cluster:
    """One of the two, in a namespace of its own."""

    def __init__(self, kubectl, kubeconfig, story):
        self.command = [kubectl, "--kubeconfig", kubeconfig]
        self.namespace = f"story-{story}-{os.getpid()}"
        self.lines = []
        subprocess.run([*self.command, "create", "namespace", self.namespace], check=True, capture_output=True)

    def kubectl(self, *arguments, text=None):
        done = subprocess.run([*self.command, "-n", self.namespace, *arguments], input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def items(self, kind):
        return json.loads(self.kubectl("get", kind, "-o", "json"))["items"]

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def patch(self, kind, name, patch):
        self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(patch))

    def end(self):
        subprocess.run([*self.command, "delete", "namespace", self.namespace, "--wait=false"], capture_output=True)

    # --- what people see

    def seen(self):
        lines = []
        for kind, fields in FIELDS.items():
            for item in self.items(kind):
                status = item.get("status", {})
                told = {f: status[f] for f in fields if f in status}
                if kind == "statefulsets":
                    told["updating"] = status.get("currentRevision") != status.get("updateRevision")
                if kind == "cronjobs":
                    told["active"] = [j["name"] for j in status.get("active", [])]
                    told["succeeded"] = "lastSuccessfulTime" in status
                lines.append(f"{kind} {item['metadata']['name']} {json.dumps(told, sort_keys=True)}")
                for condition in sorted(status.get("conditions", []), key=lambda c: c["type"]):
                    message = "" if kind == "horizontalpodautoscalers" else masked(condition.get("message", ""))
                    lines.append(f"  {condition['type']} {condition['status']} {condition.get('reason', '')}: {message}")
        sets = self.items("replicasets")
        number = "deployment.kubernetes.io/revision"
        for item in sorted(sets, key=lambda s: int(s["metadata"].get("annotations", {}).get(number, "0"))):
            notes = {k.split("/")[1]: v for k, v in item["metadata"].get("annotations", {}).items() if k.startswith("deployment.kubernetes.io/")}
            owners = [o["kind"] for o in item["metadata"].get("ownerReferences", [])]
            lines.append(f"replicaset {masked(item['metadata']['name'])} {item['spec']['replicas']} {json.dumps(notes, sort_keys=True)} {owners}")
        lines += [f"revision {r['revision']}" for r in sorted(self.items("controllerrevisions"), key=lambda r: r["revision"])]
        images = {}
        for pod in self.items("pods"):
            labels = {k: v for k, v in pod["metadata"].get("labels", {}).items() if k in LABELS}
            owners = [masked(o["kind"] + "/" + o["name"]) for o in pod["metadata"].get("ownerReferences", [])]
            finalizers = pod["metadata"].get("finalizers", [])
            line = f"pod {masked(pod['metadata']['name'])} {pod['spec']['containers'][0]['image']} {pod['status'].get('phase')} {labels} {owners} {finalizers}"
            images[line] = images.get(line, 0) + 1
        return lines + [f"{line} x{count}" for line, count in sorted(images.items())]

    def quiet(self, title):
        last, same = None, 0
        deadline = time.monotonic() + 60
        while same < QUIET and time.monotonic() < deadline:
            now = self.seen()
            same = same + 1 if now == last else 0
            last = now
            time.sleep(0.3)
        self.lines += [f"--- {title}", *last]

    def events(self):
        """Without numbers: client-go combines Events that are alike, each time others."""
        combined = "(combined from similar events): "
        told = {(e["involvedObject"]["kind"], e["type"], e["reason"], re.sub(r"\d+", "N", masked(e["message"].removeprefix(combined)))) for e in self.items("events")
                if e["involvedObject"]["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob")}
        self.lines += ["--- events", *(" ".join(e) for e in sorted(told))]

    # --- what a node would do

    def say(self, pod, status):
        self.kubectl("patch", "pod", pod, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))

    def ready(self, name):
        self.say(name, {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]})

    def all_ready(self, image=None):
        """Whoever waits is ready, and whoever comes for them, until nobody comes."""
        rounds_without = 0
        while rounds_without < 4:
            waiting = [p["metadata"]["name"] for p in self.items("pods") if p["status"].get("phase") == "Pending" and image in (None, p["spec"]["containers"][0]["image"])]
            for name in waiting:
                try:
                    self.ready(name)
                except RuntimeError as gone:
                    if "NotFound" not in str(gone):
                        raise
            rounds_without = 0 if waiting else rounds_without + 1
            time.sleep(0.3)

    def pending(self, index=None, job=None, at_least=1):
        """The Pods that wait, when there are so many."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = [p for p in self.items("pods") if p["status"].get("phase") == "Pending"
                     and job in (None, p["metadata"].get("labels", {}).get("job-name"))
                     and index in (None, p["metadata"].get("annotations", {}).get("batch.kubernetes.io/job-completion-index"))]
            if len(found) >= at_least:
                return sorted(p["metadata"]["name"] for p in found)
            time.sleep(0.2)
        raise RuntimeError(f"no Pod waits of {job} {index}")

    def ends(self, pod, code):
        done = {"name": "main", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": code, "finishedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}}
        self.say(pod, {"phase": "Failed" if code else "Succeeded", "containerStatuses": [done]})


def template(app, image="v1", restart=None):
    spec = {"schedulerName": "nobody", "terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": image, "command": ["x"]}]}
    if restart:
        spec["restartPolicy"] = restart
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def of_apps(kind, replicas, more):
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template("web"), **more}}


def job(name, **spec):
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template(name, restart="Never"), **spec}}


def deployment(c):
    c.apply(of_apps("Deployment", 3, {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}))
    c.quiet("made")
    c.all_ready()
    c.quiet("ready")
    c.kubectl("scale", "deployment", "web", "--replicas=5")
    c.all_ready()
    c.quiet("scaled to 5")
    c.kubectl("set", "image", "deployment/web", "main=v2")
    c.quiet("another image, nobody ready")
    c.all_ready()
    c.quiet("another image")
    c.kubectl("set", "image", "deployment/web", "main=bad")
    c.quiet("a bad image")
    c.kubectl("scale", "deployment", "web", "--replicas=10")
    c.quiet("scaled in the midst of it")
    c.all_ready("v2")
    c.quiet("the good ones are ready")
    c.kubectl("rollout", "undo", "deployment/web")
    c.all_ready("v2")
    c.quiet("undone")
    c.kubectl("rollout", "pause", "deployment/web")
    c.kubectl("set", "image", "deployment/web", "main=v3")
    c.quiet("paused, another image")
    c.kubectl("scale", "deployment", "web", "--replicas=4")
    c.quiet("paused and scaled")
    c.kubectl("rollout", "resume", "deployment/web")
    c.all_ready()
    c.quiet("resumed")
    c.patch("deployment", "web", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}, "revisionHistoryLimit": 1}})
    c.kubectl("set", "image", "deployment/web", "main=v4")
    c.all_ready()
    c.quiet("recreated, and old ones are forgotten")
    c.lines += ["--- history", c.kubectl("rollout", "history", "deployment/web")]
    c.events()
    c.kubectl("delete", "deployment", "web", "--cascade=orphan")
    c.quiet("deleted, the sets stay")


def paused(c):
    c.apply(of_apps("Deployment", 2, {"paused": True}))
    c.quiet("paused from the beginning")
    c.kubectl("rollout", "resume", "deployment/web")
    c.all_ready()
    c.quiet("resumed")


def stateful(c):
    claims = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]
    c.apply(of_apps("StatefulSet", 3, {"serviceName": "web", "volumeClaimTemplates": claims, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"}}))
    c.quiet("the first")
    c.ready("web-0")
    c.quiet("the second")
    c.all_ready()
    c.quiet("all")
    c.patch("statefulset", "web", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}})
    c.kubectl("set", "image", "statefulset/web", "main=v2")
    c.quiet("as far as the partition, not ready")
    c.all_ready()
    c.quiet("as far as the partition")
    c.kubectl("delete", "pod", "web-0")
    c.quiet("one before the partition comes back as it was")
    c.all_ready()
    c.patch("statefulset", "web", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    c.all_ready()
    c.quiet("all of them")
    c.kubectl("rollout", "undo", "statefulset/web")
    c.all_ready()
    c.quiet("undone")
    c.lines += ["--- history", c.kubectl("rollout", "history", "statefulset/web")]
    c.say("web-1", {"phase": "Failed"})
    c.quiet("one failed")
    c.all_ready()
    c.kubectl("scale", "statefulset", "web", "--replicas=1")
    c.quiet("scaled to 1")
    c.lines += [f"claim {p['metadata']['name']} {p['metadata'].get('labels')} {[o['kind'] for o in p['metadata'].get('ownerReferences', [])]}" for p in c.items("persistentvolumeclaims")]
    c.patch("statefulset", "web", {"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}})
    c.kubectl("set", "image", "statefulset/web", "main=v3")
    c.quiet("by hand: nothing")
    c.events()


def parallel(c):
    c.apply(of_apps("StatefulSet", 3, {"podManagementPolicy": "Parallel", "ordinals": {"start": 5}}))
    c.quiet("all at once")
    c.ready("web-6")
    c.kubectl("scale", "statefulset", "web", "--replicas=1")
    c.quiet("scaled to 1")
    c.kubectl("set", "image", "statefulset/web", "main=v2")
    c.quiet("another image")
    c.all_ready()
    c.quiet("ready")


def jobs(c):
    c.apply(job("sums", completions=3, parallelism=2))
    c.quiet("made")
    c.ends(c.pending(job="sums", at_least=2)[0], 0)
    c.quiet("one succeeded")
    for _ in range(2):
        c.ends(c.pending(job="sums")[0], 0)
    c.quiet("all succeeded")
    c.apply(job("vain", backoffLimit=1))
    c.ends(c.pending(job="vain")[0], 3)
    c.ends(c.pending(job="vain")[0], 3)
    c.quiet("failed twice")
    c.apply(job("late", activeDeadlineSeconds=1, parallelism=2))
    c.quiet("too late")
    c.apply(job("queue", parallelism=2))
    c.patch("job", "queue", {"spec": {"suspend": True}})
    c.quiet("suspended")
    c.patch("job", "queue", {"spec": {"suspend": False}})
    c.ends(c.pending(job="queue", at_least=2)[0], 0)
    c.quiet("resumed, one found the end")
    c.ends(c.pending(job="queue")[0], 0)
    c.quiet("the queue is empty")
    c.events()


def indexed(c):
    rule = {"onExitCodes": {"operator": "In", "values": [42]}}
    c.apply(job("parts", completionMode="Indexed", completions=4, parallelism=4, backoffLimitPerIndex=0, maxFailedIndexes=2))
    c.quiet("made")
    c.ends(c.pending("1", "parts")[0], 0)
    c.ends(c.pending("2", "parts")[0], 1)
    c.quiet("one index succeeded, one failed")
    c.ends(c.pending("0", "parts")[0], 0)
    c.ends(c.pending("3", "parts")[0], 0)
    c.quiet("all are over")
    c.apply(job("fatal", podFailurePolicy={"rules": [{"action": "FailJob", **rule}]}, parallelism=2, completions=2))
    c.ends(c.pending(job="fatal", at_least=2)[0], 42)
    c.quiet("a failure that ends it")
    c.apply(job("lenient", backoffLimit=0, podFailurePolicy={"rules": [{"action": "Ignore", **rule}]}))
    c.ends(c.pending(job="lenient")[0], 42)
    c.pending(job="lenient")
    c.quiet("a failure that is ignored: another try, ten seconds later")
    c.apply(job("enough", completionMode="Indexed", completions=3, parallelism=3, successPolicy={"rules": [{"succeededIndexes": "0"}]}))
    c.ends(c.pending("0", "enough")[0], 0)
    c.quiet("enough, by its policy")
    c.events()


def cron(c):
    c.apply({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
             "spec": {"schedule": "0 0 1 1 *", "suspend": True, "timeZone": "Europe/Berlin", "jobTemplate": {"metadata": {"labels": {"app": "tick"}}, "spec": {"template": template("tick", restart="Never")}}}})
    c.quiet("suspended")
    c.kubectl("create", "job", "by-hand", "--from=cronjob/tick")
    c.quiet("by hand")
    c.kubectl("patch", "cronjob", "tick", "--subresource=status", "--type=merge", "-p", '{"status": {"lastScheduleTime": "2020-06-01T00:00:00Z"}}')
    c.patch("cronjob", "tick", {"spec": {"suspend": False}})
    c.quiet("one start was missed")
    c.lines += [f"{j['metadata']['name']} {j['metadata'].get('labels', {}).get('app')} {j['metadata'].get('annotations')}" for j in c.items("jobs")]
    for pod in c.pending(at_least=2):
        c.ends(pod, 0)
    c.quiet("done")
    c.events()


def autoscaler(c):
    c.apply(of_apps("Deployment", 2, {}))
    c.all_ready()
    metric = {"type": "Pods", "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "3"}}}
    c.apply({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
             "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "minReplicas": 3, "maxReplicas": 5, "metrics": [metric]}})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and c.items("deployments")[0]["spec"]["replicas"] != 3:
        time.sleep(0.5)
    c.all_ready()
    while time.monotonic() < deadline and "ScalingActive" not in json.dumps(c.items("horizontalpodautoscalers")):
        time.sleep(0.5)
    c.quiet("as many as there are to be, and nobody measures")


def bare(name, app, restart=None):
    made = template(app, restart=restart)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **made["metadata"]}, "spec": made["spec"]}


def adoption(c):
    c.apply(of_apps("ReplicaSet", 1, {}))
    c.all_ready()
    c.apply(bare("orphan", "web"))
    c.quiet("an orphan fits, and is one too many")
    c.apply(bare("other", "nothing"))
    c.quiet("one that does not")
    c.kubectl("label", "pod", "other", "app=web", "--overwrite")
    c.quiet("and then does")
    c.kubectl("label", "pod", "-l", "app=web", "app=gone", "--overwrite")
    c.quiet("the one that it has leaves")
    c.apply(job("sums", parallelism=1, manualSelector=True, selector={"matchLabels": {"app": "sums"}}))
    c.quiet("a Job by its own selector")
    c.apply(bare("helper", "sums", restart="Never"))
    c.quiet("a Job has one too many")
    c.apply({**of_apps("StatefulSet", 0, {"serviceName": "db"}), "metadata": {"name": "db"}})
    c.patch("replicaset", "web", {"spec": {"replicas": 0}})
    c.quiet("nobody else wants Pods of web")
    c.apply(bare("db-0", "web"))
    c.quiet("a StatefulSet takes what has its name")


def orphaned(c):
    for i in range(6):
        c.apply(job(f"job-{i}", parallelism=2, completions=2))
    c.pending(at_least=12)
    c.quiet("made")
    c.kubectl("delete", "jobs", "--all", "--cascade=orphan")
    c.quiet("let go")
    c.apply(job("job-0", parallelism=1))
    c.quiet("one of the same name has a Pod of its own")


def left(c):
    c.apply(job("sums", parallelism=1))
    first = c.pending(job="sums")[0]
    c.quiet("made")
    uid = c.items("jobs")[0]["metadata"]["uid"]
    c.kubectl("label", "pod", first, "batch.kubernetes.io/controller-uid=nobody", "--overwrite")
    c.quiet("its Pod leaves")
    c.kubectl("label", "pod", first, f"batch.kubernetes.io/controller-uid={uid}", "--overwrite")
    c.quiet("and comes back")
    c.kubectl("delete", "job", "sums", "--wait=false")
    c.apply(job("sums", parallelism=2, completions=2))
    c.quiet("made again")
    for _ in range(2):
        c.ends(c.pending(job="sums")[0], 0)
    c.quiet("done")


def replaced(c):
    def tick(schedule):
        c.patch("cronjob", "tick", {"spec": {"suspend": True, "schedule": schedule}})
        c.kubectl("patch", "cronjob", "tick", "--subresource=status", "--type=merge", "-p", '{"status": {"lastScheduleTime": "2020-06-01T00:00:00Z"}}')
        c.patch("cronjob", "tick", {"spec": {"suspend": False}})

    c.apply({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
             "spec": {"schedule": "0 0 1 1 *", "suspend": True, "concurrencyPolicy": "Replace", "jobTemplate": {"spec": {"template": template("tick", restart="Never")}}}})
    tick("0 0 1 1 *")
    c.pending()
    c.quiet("one runs")
    tick("0 0 1 2 *")
    c.quiet("the next takes its place")
    c.patch("cronjob", "tick", {"spec": {"concurrencyPolicy": "Forbid"}})
    tick("0 0 1 3 *")
    c.quiet("one that may not run beside it")
    c.events()


def budgets(c):
    def budget(name, app, **spec):
        return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": app}}, **spec}}

    def evict(pod):
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": c.namespace}}
        c.kubectl("create", "--raw", f"/api/v1/namespaces/{c.namespace}/pods/{pod}/eviction", "-f", "-", text=json.dumps(eviction))

    c.apply(budget("web", "web", maxUnavailable=1))
    c.quiet("of nobody")
    c.apply(of_apps("Deployment", 3, {}))
    c.pending(at_least=3)
    c.quiet("nobody is ready")
    c.all_ready()
    c.quiet("all are")
    evict(c.items("pods")[0]["metadata"]["name"])
    c.quiet("one was evicted")
    try:
        evict(next(p for p in c.items("pods") if p["status"]["phase"] == "Running")["metadata"]["name"])
    except RuntimeError as refused:
        c.lines.append(str(refused).split("Error from server", 1)[1])
    c.all_ready()
    c.patch("poddisruptionbudget", "web", {"spec": {"maxUnavailable": None, "minAvailable": "50%"}})
    c.quiet("at least half of them")
    c.apply({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "old"}, "spec": {"replicas": 2, "selector": {"app": "old"}, "template": template("old")}},
            budget("old", "old", minAvailable=1))
    c.pending(at_least=2)
    c.all_ready()
    c.quiet("an older kind")
    c.kubectl("scale", "rc", "old", "--replicas=1")
    c.quiet("scaled to 1")
    c.apply(job("sums", parallelism=1), budget("sums", "sums", maxUnavailable=1))
    c.pending(job="sums")
    c.quiet("of a Job, which has no scale")


STORIES = [deployment, paused, stateful, parallel, jobs, indexed, cron, autoscaler, adoption, orphaned, left, replaced, budgets]


def tell(story, kubectl, kubeconfig):
    cluster = Cluster(kubectl, kubeconfig, story.__name__)
    try:
        story(cluster)
    except RuntimeError as problem:
        cluster.lines.append(f"!!! {problem}")
    finally:
        cluster.end()
    return cluster.lines


def main():
    kubectl, real, ours, *chosen = sys.argv[1:]
    failed = 0
    for story in STORIES:
        if chosen and story.__name__ not in chosen:
            continue
        with concurrent.futures.ThreadPoolExecutor() as both:
            expected, found = both.map(lambda kubeconfig: tell(story, kubectl, kubeconfig), [real, ours])
        difference = list(difflib.unified_diff(expected, found, "kubernetes", "slipway", lineterm="", n=3))
        failed += bool(difference) or any(line.startswith("!!!") for line in found)
        points = sum(line.startswith("--- ") for line in expected)
        print(("FAIL  " if difference else "ok    ") + f"{story.__name__}: {points} quiet points")
        for line in difference:
            print("      " + line)
    sys.exit(1 if failed else 0)


main()
