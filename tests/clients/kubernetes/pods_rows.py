"""kubectl on Pods that run: only against a server whose Pods are real processes. Usage: pods_rows.py KUBECTL KUBECONFIG [--verbose]"""

import re
import sys
import threading
import time
import urllib.request

from rows import Row, Table, see

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
    see("run -i --rm", "run once --rm -i --restart=Never --image=busybox --command -- echo done", "done\n", 'pod "once" deleted'),
    see("run -i --rm reads", "run once -i --rm --restart=Never --image=busybox --command -- cat", "typed", stdin="typed\n"),
    see("run leaves nothing", "get pod once", "NotFound", code=1, until=10),
    see("debug", "debug server --image=busybox -c look-{x} -- sh -c 'echo looked'", code=0),
    see("what it saw", "logs server -c look-{x}", re.compile("^looked$", re.M), until=10),
    see("it has ended, and the pod has not", "get pod server -o json", check=lambda a: a["status"]["ephemeralContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0 and a["status"]["phase"] == "Running", until=10),
    see("debug -i", "debug -i server --image=busybox -c talk-{x} -- head -1", re.compile("^typed$", re.M), stdin="typed\n"),
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

END = [
    see("rollout restart makes new ones", "rollout restart deployment/sleepers", "restarted"),
    see("and ends", "rollout status deployment/sleepers --timeout=60s", "successfully rolled out"),
    see("rollout history", "rollout history deployment/sleepers", re.compile("^1 ", re.M), re.compile("^2 ", re.M)),
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


def main():
    table = Table("pods", sys.argv[1], sys.argv[2], verbose="--verbose" in sys.argv)
    with table:
        table.play(START + LOGS + EXEC)
        complaints = forwarded(table)
        print("FAIL  port-forward\n      " + "\n      ".join(complaints) if complaints else "ok    port-forward")
        time.sleep(0.5)
        table.play(END)
    failed = table.failed + ["port-forward"] * bool(complaints)
    print("".join(f"failed: {row}\n" for row in failed) + f"{table.passed + (not complaints)} rows as they should be, {len(failed)} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
