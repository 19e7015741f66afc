"""kubectl on Pods that run: only against a server whose Pods are real processes. Usage: pods_rows.py KUBECTL KUBECONFIG [--verbose]"""

import os
import re
import shlex
import sys
import threading
import time
import urllib.request

from rows import Table, see
from terminal import converse, size

START = [
    see("create what runs", "create -f pods.yaml", "pod/talker created", "deployment.apps/sleepers created"),
    see("a pod becomes ready", "wait --for=condition=Ready pod/talker pod/server --timeout=30s", "condition met"),
    see("it is running", "get pods talker", re.compile(r"^talker +2/2 +Running +0 +AGE$", re.M)),
    see("it has an address and a node", "get pod talker -o json", check=lambda a: a["status"]["podIP"] and a["spec"]["nodeName"] and a["status"]["hostIP"] and a["status"]["startTime"]),
    see("describe tells its story", "describe pod talker", "Status:  Running", "State:  Running", "Ready:  True", re.compile(r"Normal +Scheduled"), re.compile(r"Normal +Started")),
    see("one that fails is started again", "get pod crasher", re.compile(r"crasher +0/1 +(Error|CrashLoopBackOff) +[1-9]"), until=30),
    see("with its exit code", "get pod crasher -o json", check=lambda a: a["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 3, until=30),
    see("a deployment rolls out", "rollout status deployment/sleepers --timeout=30s", "successfully rolled out"),
    see("its pods", "get deployment sleepers", re.compile(r"sleepers +2/2 +2 +2 +AGE")),
    see("wait for a job", "wait --for=condition=Complete job/sum --timeout=30s", "condition met"),
    see("what a job printed", "logs job/sum", re.compile("^42$", re.M)),
    see("wait for several things of several pods", "wait --for=condition=Ready --for=jsonpath={.status.phase}=Running pod/talker pod/server --timeout=20s", "pod/talker condition met", "pod/server condition met"),
    see("wait for a number in a status", "wait --for=jsonpath={.status.readyReplicas}=2 deployment/sleepers --timeout=20s", "condition met"),
    see("a cron job by hand", "create job by-hand --from=cronjob/tick", "job.batch/by-hand created"),
    see("it runs", "wait --for=condition=Complete job/by-hand --timeout=30s", "condition met"),
    see("and says what it should", "logs job/by-hand", re.compile("^tock$", re.M)),
]

# What people look for under Events.
TOLD = [
    see("describe: a pod that started", "describe pod server", re.compile(r"Normal +Scheduled"), re.compile(r"Normal +Created .*Created container: main"), re.compile(r"Normal +Started .*Started container main")),
    see("describe: one that crashes", "describe pod crasher", re.compile(r"Warning +BackOff .*Back-off restarting failed container main"), until=30),
    see("describe: one that is not well", "describe pod unwell", re.compile(r"Warning +Unhealthy .*Liveness probe failed: "), re.compile(r"Normal +Killing .*Container main failed liveness probe, will be restarted"), until=30),
    see("describe: one that is not ready", "describe pod shy", re.compile(r"Warning +Unhealthy .*Readiness probe failed: "), until=30),
    see("describe: one for which there is no room", "describe pod big", re.compile(r"Warning +FailedScheduling .*Insufficient cpu"), until=10),
    see("describe: a deployment", "describe deployment sleepers", re.compile(r"Normal +ScalingReplicaSet .*Scaled up replica set sleepers-\S+ from 0 to 2")),
    see("describe: its set", "describe replicaset -l app=sleepers", re.compile(r"Normal +SuccessfulCreate .*Created pod: sleepers-")),
    see("describe: a job", "describe job sum", re.compile(r"Normal +SuccessfulCreate"), re.compile(r"Normal +Completed .*Job completed")),
    see("events of one object", "events --for deployment/sleepers", "ScalingReplicaSet"),
    see("events of a type", "events --types=Warning", "FailedScheduling", lacks=(re.compile(r"^\S+ +Normal", re.M),)),
]

LOGS = [
    see("logs", "logs talker -c main", "started\n", "line 1\n", "error 1\n"),
    see("logs of the first container by default", "logs talker", "Defaulted container \"main\"", "line 1\n"),
    see("logs of another container", "logs talker -c second", "from the second"),
    see("logs of all containers", "logs talker --all-containers --prefix", "[pod/talker/main]", "[pod/talker/second] from the second"),
    see("logs --tail", "logs talker -c second --tail=1", "from the second"),
    see("logs --tail=0", "logs talker -c second --tail=0", lacks=("from",)),
    see("logs --timestamps", "logs talker -c second --timestamps", re.compile("^TIME from the second$", re.M)),
    see("logs --since", "logs talker -c second --since=1s", lacks=("from",), until=5),
    see("logs --limit-bytes", "logs talker -c main --limit-bytes=7", re.compile("^started$", re.M), lacks=("line",)),
    see("logs -f", "logs talker -c main -f --tail=1", "line", stop=True, lines=5),
    see("logs -l", "logs -l app=talker -c main --tail=2", "line"),
    see("logs --previous", "logs crasher --previous", "last words", until=30),
    see("logs of a container that is not there", "logs talker -c nobody", "container nobody is not valid for pod talker", code=1),
    see("logs of nobody", "logs nobody", "NotFound", code=1),
    see("logs of a deployment", "logs deployment/sleepers"),
]

EXEC = [
    see("exec", "exec talker -c main -- echo hello", re.compile("^hello$", re.M)),
    see("exec with an exit code", "exec talker -c main -- sh -c 'exit 7'", "command terminated with exit code 7", code=7),
    see("exec has both streams", "exec talker -c main -- sh -c 'echo out; echo err >&2'", "out\n", "err\n"),
    see("exec -i", "exec -i talker -c main -- cat", re.compile("^typed$", re.M), stdin="typed\n"),
    see("exec -i of much", "exec -i talker -c main -- wc -c", re.compile(r"^\s*3000000$", re.M), stdin="x" * 3_000_000),
    see("exec prints much", "exec talker -c main -- sh -c 'head -c 3000000 /dev/zero | tr \"\\\\0\" x | wc -c'", "3000000"),
    see("exec in a deployment", "exec deployment/sleepers -- printenv COLOR", "blue"),
    see("exec of nothing there", "exec talker -c main -- no-such-program", re.compile("no-such-program|exit code 12[67]|128"), code=None),
    see("exec -t", "exec -it talker -c main -- sh -c 'echo on a terminal'", "on a terminal"),
    see("cp to a pod", "cp things.yaml talker:/tmp/copied-{x} -c main"),
    see("it arrived", "exec talker -c main -- cat /tmp/copied-{x}", "kind: ConfigMap"),
    see("cp from a pod", "cp talker:/tmp/copied-{x} {dir}/back -c main"),
    see("a directory with much in it", "exec talker -c main -- sh -c 'mkdir -p /tmp/many-{x}/sub && cd /tmp/many-{x} && head -c 20000000 /dev/zero > large && echo small > sub/small'"),
    see("cp of a directory from a pod", "cp talker:/tmp/many-{x} {dir}/many -c main"),
    see("cp of a directory to a pod", "cp {dir}/many talker:/tmp/again-{x} -c main"),
    see("is the same there and back", "exec talker -c main -- sh -c 'diff -r /tmp/many-{x} /tmp/again-{x} && echo the same'", "the same"),
    see("run -i --rm", "run once --rm -i --restart=Never --image=busybox --command -- echo done", "done\n", 'pod "once" deleted'),
    see("run -i --rm reads", "run once -i --rm --restart=Never --image=busybox --command -- cat", "typed", stdin="typed\n"),
    see("run leaves nothing", "get pod once", "NotFound", code=1, until=10),
    see("debug", "debug server --image=busybox -c look-{x} -- sh -c 'echo looked'", code=0),
    see("what it saw", "logs server -c look-{x}", re.compile("^looked$", re.M), until=10),
    see("it has ended, and the pod has not", "get pod server -o json", check=lambda a: a["status"]["ephemeralContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0 and a["status"]["phase"] == "Running", until=10),
    see("debug -i", "debug -i server --image=busybox -c talk-{x} -- head -1", re.compile("^typed$", re.M), stdin="typed\n"),
    see("debug -i ends when what is typed ends", "debug -i server --image=busybox -c copy-{x} -- cat", re.compile("^typed$", re.M), stdin="typed\n"),
    see("debug -i without a command", "debug -i server --image=busybox -c shell-{x}", re.compile("^42$", re.M), stdin="echo $((6 * 7))\n"),
    see("debug with a copy", "debug talker --image=busybox --copy-to=copy-{x} --container=main -- sh -c 'echo from the copy; exec sleep 1000'"),
    see("what the copy does", "logs copy-{x} -c main", "from the copy", until=20),
    see("the node's name", "get pod talker -o jsonpath={.spec.nodeName}", capture="node"),
    see("debug of the node", "debug node/{node} --image=busybox -- sh -c 'ls -d /host/etc; exec sleep 1'", "Creating debugging pod node-debugger-"),
    see("what it saw of it", "logs -l app.kubernetes.io/managed-by=kubectl-debug --tail=5", "/host/etc", until=20),
    see("a resize that this node cannot do", "patch pod server --subresource=resize -p '{\"spec\":{\"containers\":[{\"name\":\"main\",\"resources\":{\"requests\":{\"cpu\":\"10m\"}}}]}}'", code=1),
    see("attach", "attach talker -c main", "line", stop=True, lines=2),
    see("top nodes", "top nodes", "CPU(cores)", "MEMORY(bytes)", until=60),
    see("top pods", "top pods", re.compile(r"^talker +(\d+m|AGE) +\d+Mi$", re.M), until=60),
    see("top pods --containers", "top pods talker --containers", "second", until=30),
    see("a pod through the server", "get --raw /api/v1/namespaces/{ns}/pods/server:8099/proxy/", "Directory listing"),
    see("a service through the server", "get --raw /api/v1/namespaces/{ns}/services/server:80/proxy/", "Directory listing", until=10),
    see("a service by its port's name", "get --raw /api/v1/namespaces/{ns}/services/server:http/proxy/", "Directory listing"),
    see("endpoints of a service", "get endpointslices -l kubernetes.io/service-name=server -o json", check=lambda a: a["items"][0]["endpoints"][0]["conditions"]["ready"] and a["items"][0]["ports"][0]["port"] == 8099),
]

CHANGES = [
    see("autoscale", "autoscale deployment sleepers --min=2 --max=3 --cpu-percent=80", "autoscaled"),
    see("an autoscaler and its target", "get hpa sleepers", re.compile(r"sleepers +Deployment/sleepers +cpu: \S+/80% +2 +3 +2"), until=30),
    see("delete an autoscaler", "delete hpa sleepers", "deleted"),
    see("rollout pause", "rollout pause deployment/sleepers", "paused"),
    see("set image of one that is paused", "set image deployment/sleepers main=other", "image updated"),
    see("nothing happens", "rollout history deployment/sleepers", re.compile("^1 ", re.M), lacks=(re.compile("^2 ", re.M),)),
    see("rollout resume", "rollout resume deployment/sleepers", "resumed"),
    see("the image is another", "rollout status deployment/sleepers --timeout=60s", "successfully rolled out"),
    see("set env", "set env deployment/sleepers COLOR=red", "env updated"),
    see("and ends, too", "rollout status deployment/sleepers --timeout=60s", "successfully rolled out"),
    see("the program sees it", "exec deployment/sleepers -- printenv COLOR", "red", until=10),
    see("set resources", "set resources deployment sleepers --requests=cpu=1m", "resource requirements updated"),
    see("rolled out", "rollout status deployment/sleepers --timeout=60s", "successfully rolled out"),
    see("one revision in full", "rollout history deployment/sleepers --revision=3", re.compile(r"COLOR:\s+red")),
    see("back to the first", "rollout undo deployment/sleepers --to-revision=1", "rolled back"),
    see("which is there", "rollout status deployment/sleepers --timeout=60s", "successfully rolled out"),
    see("with what it had", "exec deployment/sleepers -- printenv COLOR", "blue", until=10),
    see("its number is new", "rollout history deployment/sleepers", re.compile("^5 ", re.M), lacks=(re.compile("^1 ", re.M),)),
    see("back to what is not there", "rollout undo deployment/sleepers --to-revision=77", "unable to find specified revision 77", code=1),
]

# There is one, and all of this is taken back.
NODE = [
    see("cordon", "cordon {node}", "cordoned"),
    see("a pod that comes", "run late --image=busybox --restart=Never --labels=app=late --command -- sleep 1000", "created"),
    see("waits", "describe pod late", re.compile("FailedScheduling .*unschedulable"), until=10),
    see("uncordon", "uncordon {node}", "uncordoned"),
    see("and runs", "wait --for=condition=Ready pod/late --timeout=20s", "condition met"),
    see("taint", "taint nodes {node} rows={x}:NoSchedule", "tainted"),
    see("another one", "run later --image=busybox --restart=Never --labels=app=late --command -- sleep 1000", "created"),
    see("waits, too", "describe pod later", re.compile("FailedScheduling .*untolerated taint"), until=10),
    see("untaint", "taint nodes {node} rows-", "untainted"),
    see("and runs, too", "wait --for=condition=Ready pod/later --timeout=20s", "condition met"),
    see("drain minds pods that nobody replaces", "drain {node} --pod-selector=app=late", "cannot delete", code=1),
    see("drain --force", "drain {node} --pod-selector=app=late --force --grace-period=1 --timeout=30s", "evicting pod", "drained"),
    see("they are gone", "get pods -l app=late", "No resources found", until=10),
    see("the others are not", "get pod talker", "Running"),
    see("uncordon again", "uncordon {node}", "uncordoned"),
]

END = [
    see("rollout restart makes new ones", "rollout restart deployment/sleepers", "restarted"),
    see("and ends", "rollout status deployment/sleepers --timeout=60s", "successfully rolled out"),
    see("rollout history", "rollout history deployment/sleepers", re.compile("^5 ", re.M), re.compile("^6 ", re.M)),
    see("rollout undo", "rollout undo deployment/sleepers", "rolled back"),
    see("scale up", "scale deployment sleepers --replicas=3", "scaled"),
    see("has three", "get deployment sleepers", re.compile("sleepers +3/3"), until=30),
    see("scale to none", "scale deployment sleepers --replicas=0", "scaled"),
    see("has none", "get pods -l app=sleepers", "No resources found", until=30),
    see("delete waits for its end", "delete pod talker server", 'pod "talker" deleted'),
    see("it is gone", "get pod talker", "NotFound", code=1),
    see("delete --force", "delete pod crasher --force --grace-period=0", "force deleted"),
    see("a job takes its pods along", "delete job sum", "deleted"),
    see("its pods are gone", "get pods -l job-name=sum", "No resources found", until=30),
]


def forwarded(table):
    """port-forward to a pod and to a service: a page through each, many at once."""
    complaints = []
    for target in ("pod/server", "service/server"):
        port = "80" if target.startswith("service") else "8099"
        process = table.start(f"port-forward {target} :{port}", stdout=-1, stderr=-1)
        try:
            told = process.stdout.readline()
            local = re.search(r"127\.0\.0\.1:(\d+) -> ", told)
            if not local:
                complaints.append(f"{target}: {told}{process.stderr.read() if process.poll() is not None else ''}")
                continue
            pages = []

            def fetch(address=f"http://127.0.0.1:{local[1]}/"):
                with urllib.request.urlopen(address, timeout=10) as answer:
                    pages.append(answer.read())

            fetches = [threading.Thread(target=fetch) for _ in range(8)]
            for thread in fetches:
                thread.start()
            for thread in fetches:
                thread.join()
            if len(pages) != 8 or b"Directory listing" not in pages[0]:
                complaints.append(f"{target}: {len(pages)} of 8 pages")
        finally:
            process.kill()
            process.wait()
    return complaints


def at_a_terminal(table):
    """exec, run, attach and debug on a pty: its size, Ctrl-C, the exit code."""
    table.run("create -f shell.yaml")
    table.run("wait --for=condition=Ready pod/shell --timeout=30s")
    prompt = "# " if os.geteuid() == 0 else "$ "
    conversations = {
        "exec -it": ("exec -it talker -c main -- sh", 7, [
            (prompt, "stty size; echo 'is it 30'\r"), ("30 100", size(41, 133)), ("", "stty size\r"), ("41 133", "sh -c 'echo sle''eps; exec sleep 100'; echo 'not' reached\r"),
            ("sleeps", "\x03"), (prompt, "echo still he''re\r"), ("still here", "exit 7\r")]),
        "run --rm -it": ("run typed-{x} --rm -it --restart=Never --image=busybox --command -- sh -c 'test -t 0 && echo ready; read word; echo got $word; exit 3'", 3, [
            ("ready", "hello\r"), ("got hello", "")]),
        "attach -it": ("attach -it shell", 0, [("", "\r"), (prompt, "echo se''en\r"), ("seen", "exit\r")]),
        "debug -it": ("debug -it server --image=busybox -c typed-{x}", None, [("", "\r"), (prompt, "echo se''en\r"), ("seen", "exit 4\r")]),
    }
    failed = []
    for name, (command, code, script) in conversations.items():
        said, ended = converse([table.kubectl, *shlex.split(table.fill(command))], table.env, table.dir, script)
        missing = [text for text, _ in script if text and text not in said]
        is_good = ended is not None and not missing and code in (None, ended)
        print(f"ok    {name} at a terminal" if is_good else f"FAIL  {name} at a terminal\n      it ended with {ended}, without {missing}\n      | {said!r}", flush=True)
        if not is_good:
            failed.append(f"{name} at a terminal")
    table.failed += failed
    table.passed += len(conversations) - len(failed)


def main():
    table = Table("pods", sys.argv[1], sys.argv[2], verbose="--verbose" in sys.argv)
    with table:
        table.play(START + TOLD + LOGS + EXEC)
        at_a_terminal(table)
        complaints = forwarded(table)
        print("FAIL  port-forward\n      " + "\n      ".join(complaints) if complaints else "ok    port-forward")
        time.sleep(0.5)
        table.play(CHANGES + NODE + END)
    failed = table.failed + ["port-forward"] * bool(complaints)
    print("".join(f"failed: {row}\n" for row in failed) + f"{table.passed + (not complaints)} rows as they should be, {len(failed)} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
