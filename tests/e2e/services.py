"""Services listen: cluster IPs, node ports and host ports, spread, names inside Pods, a rolling update and a control plane killed under load
without one failed request, and what is refused."""

import collections
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
from support import ROOT, expect, kill, processes_of, remove, resident_kib, run, scratch, wait_until  # noqa: E402

KUBECTL = os.path.join(ROOT, "build/bin/kubectl-1.34")
directory = scratch()
data = os.path.join(directory, "data")

# Says who answers. It ends a second after it is asked to, as servers do that let go of their clients first.
SERVER = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (os.environ["VERSION"] + " " + os.environ["POD_NAME"]).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer((os.environ["POD_IP"], 8000), Handler)
server.serve_forever()
"""


def deployment(version):
    container = {
        "name": "main", "image": "none", "command": ["python3", "-c", SERVER], "env": [{"name": "VERSION", "value": version}],
        "ports": [{"name": "web", "containerPort": 8000}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "web"}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
    }  # fmt: skip
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 10}}
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "strategy": strategy, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def service(name, **spec):
    spec.setdefault("ports", [{"name": "http", "port": 8080, "targetPort": "web"}])
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def kubectl(*arguments, objects=None, check=True):
    environment = {**os.environ, "KUBECONFIG": os.path.join(data, "kubeconfig")}
    given = "\n---\n".join(json.dumps(each) for each in objects) if objects else None
    done = subprocess.run([KUBECTL, *arguments], input=given, capture_output=True, text=True, timeout=120, env=environment, check=False)
    expect(done.returncode == 0 or not check, f"kubectl {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def field(kind, name, path):
    return kubectl("get", kind, name, "-o", "jsonpath={" + path + "}")


def ask(host, port, timeout=10):
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        expect(answer.status == 200, f"200 from {host}:{port}, not {answer.status}")
        return answer.read().decode()
    finally:
        connection.close()


class Load:
    """Connections, one after the other in each of four threads, until it is left; who answered, and what failed."""

    def __init__(self, host, port):
        self.to, self.stopped, self.answers, self.failures = (host, port), False, collections.Counter(), []
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]

    def run(self):
        while not self.stopped:
            try:
                self.answers[ask(*self.to)] += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{time.strftime('%X')} {error!r}")
            time.sleep(0.002)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        for thread in self.threads:
            thread.join()


def pid_of_control_plane():
    with open(os.path.join(data, "slipway.pid"), encoding="utf-8") as file:
        return int(file.read())


def state_of(part):
    parts = json.loads(run("status", "--data", data, "-o", "json", check=False).stdout)["parts"]
    return next((each["state"] for each in parts if each["name"] == part), None)


def proxies():
    return [pid for pid, line in processes_of(data).items() if " service-proxy " in line and "slipway-shim" not in line]


def test_spread_and_doors():
    kubectl("apply", "-f", "-", objects=[deployment("v1"), service("web", type="NodePort", selector={"app": "web"})])
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    address, node_port = field("service", "web", ".spec.clusterIP"), int(field("service", "web", ".spec.ports[0].nodePort"))
    wait_until("the Service answers", lambda: ask(address, 8080))
    expect(len(proxies()) == 1, "one proxy runs, since the first Service")
    for host, port in [(address, 8080), ("127.0.0.1", node_port)]:
        answers = collections.Counter(ask(host, port) for _ in range(30))
        expect(len(answers) == 3 and min(answers.values()) == 10, f"three Pods take turns at {host}:{port}: {answers}")
    print(f"a proxy of {resident_kib(proxies()[0]) / 1024:.1f} MiB; three Pods take turns at cluster IP and node port")
    wait_until("status shows the part", lambda: state_of("services") == "Running")
    kubectl("expose", "deployment", "web", "--name=exposed", "--port=9090", "--target-port=web")
    wait_until("an exposed Deployment answers", lambda: ask(field("service", "exposed", ".spec.clusterIP"), 9090))
    kubectl("apply", "-f", "-", objects=[service("sticky", selector={"app": "web"}, sessionAffinity="ClientIP")])
    sticky = field("service", "sticky", ".spec.clusterIP")
    wait_until("a sticky Service answers", lambda: ask(sticky, 8080))
    expect(len({ask(sticky, 8080) for _ in range(10)}) == 1, "with sessionAffinity a client stays where it is")
    return address


def test_rolling_update(address):
    with Load(address, 8080) as load:
        kubectl("apply", "-f", "-", objects=[deployment("v2")])
        kubectl("rollout", "status", "deployment/web", "--timeout=120s")
        wait_until("the old Pods are gone", lambda: len(kubectl("get", "pods", "-l", "app=web", "-o", "name").split()) == 3)
        time.sleep(1)
    expect(not load.failures, f"no request fails during a rolling update: {load.failures[:5]} of {sum(load.answers.values())}")
    expect({answer.split()[0] for answer in load.answers} == {"v1", "v2"}, "both versions answered")
    print(f"{sum(load.answers.values())} requests during a rolling update, none failed")


def test_killed_control_plane(address):
    kept = socket.create_connection((address, 8080), timeout=30)
    before = proxies()
    with Load(address, 8080) as load:
        time.sleep(0.5)
        kill(pid_of_control_plane())
        time.sleep(2)
        expect(not load.failures, f"nothing fails while there is no control plane: {load.failures[:5]}")
        os.remove(os.path.join(data, "slipway.pid"))
        run("up", "--detach", "--data", data, "--runtime", "sim")
        time.sleep(3)
    expect(not load.failures, f"no request fails when the control plane is killed: {load.failures[:5]} of {sum(load.answers.values())}")
    expect(proxies() == before, "the proxy was adopted, not started again")
    kept.sendall(b"GET / HTTP/1.0\r\n\r\n")
    expect(kept.recv(15).startswith(b"HTTP/1.0 200"), "a connection from before is open still")
    kept.close()
    print(f"{sum(load.answers.values())} requests while the control plane was killed and came back, none failed")


def test_killed_proxy(address):
    kill(proxies()[0])
    wait_until("a killed proxy is started again", lambda: len(proxies()) == 1 and ask(address, 8080))


def refused(host, port):
    try:
        socket.create_connection((host, port), timeout=10).close()
    except ConnectionRefusedError:
        return True
    return False


def test_nobody_answers(address):
    kubectl("scale", "deployment/web", "--replicas=0")
    wait_until("a Service without Pods refuses", lambda: refused(address, 8080))
    kubectl("scale", "deployment/web", "--replicas=1")
    wait_until("and answers again", lambda: ask(address, 8080))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_other_ends():
    """A Service without selector, over TCP and UDP; a host port; a port that somebody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp, socket.socket() as squatter:
        for one in (udp, tcp):
            one.bind(("127.0.0.1", 0))
            one.settimeout(20)
        tcp.listen()
        ports = [{"name": "t", "port": 8081}, {"name": "u", "port": 8081, "protocol": "UDP"}]
        slice_ports = [{"name": "t", "protocol": "TCP", "port": tcp.getsockname()[1]}, {"name": "u", "protocol": "UDP", "port": udp.getsockname()[1]}]
        endpoints = {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "FQDN", "ports": slice_ports,
            "metadata": {"name": "own-1", "labels": {"kubernetes.io/service-name": "own"}}, "endpoints": [{"addresses": ["127.0.0.1"]}],
        }  # fmt: skip
        kubectl("apply", "-f", "-", objects=[service("own", ports=ports), endpoints])
        address = field("service", "own", ".spec.clusterIP")
        client = wait_until("a Service with endpoints of its own", lambda: socket.create_connection((address, 8081), timeout=20))
        accepted, _ = tcp.accept()
        client.sendall(b"over tcp")
        expect(accepted.recv(100) == b"over tcp", "TCP reaches the endpoint")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(20)
            asking.connect((address, 8081))
            asking.send(b"question")
            question, who = udp.recvfrom(100)
            udp.sendto(b"answer to " + question, who)
            expect(asking.recv(100) == b"answer to question", "UDP goes there and back")
        port = free_port()
        pod = {"containers": [{"name": "main", "image": "none", "command": ["python3", "-c", SERVER], "env": [{"name": "VERSION", "value": "edge"}], "ports": [{"containerPort": 8000, "hostPort": port}]}]}
        kubectl("apply", "-f", "-", objects=[{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "edge"}, "spec": pod}])
        expect(wait_until("a host port answers", lambda: ask("127.0.0.1", port)) == "edge edge", "a host port leads to its Pod")
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        pod["containers"][0]["ports"][0]["hostPort"] = taken
        kubectl("apply", "-f", "-", objects=[{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late"}, "spec": pod}])
        wait_until("an Event tells of a port that is taken", lambda: f"127.0.0.1:{taken}" in kubectl("get", "events", "-o", "jsonpath={.items[*].message}"))


LOOKER = """
import os, socket, urllib.request
for name in ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local"]:
    print(name, urllib.request.urlopen("http://" + name + ":8080", timeout=20).status, flush=True)
for name in ["set-0.members", "set-0.members.default.svc.cluster.local", "one.example"]:
    print(name, socket.gethostbyname(name), flush=True)
print("hostname", socket.gethostname(), os.environ["HOSTNAME"], os.environ["WEB_SERVICE_HOST"], os.environ["WEB_SERVICE_PORT_HTTP"], flush=True)
import ssl, json
account = "/var/run/secrets/kubernetes.io/serviceaccount/"
where = "https://" + os.environ["KUBERNETES_SERVICE_HOST"] + ":" + os.environ["KUBERNETES_SERVICE_PORT"]
request = urllib.request.Request(where + "/version", headers={"Authorization": "Bearer " + open(account + "token").read()})
answer = urllib.request.urlopen(request, timeout=20, context=ssl.create_default_context(cafile=account + "ca.crt"))
print("api", json.load(answer)["major"], flush=True)
if int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) <= 443 or os.geteuid() == 0:
    request = urllib.request.Request("https://kubernetes.default.svc/version", headers=request.headers)
    answer = urllib.request.urlopen(request, timeout=20, context=ssl.create_default_context(cafile=account + "ca.crt"))
    json.load(answer)["major"] == "1" or print("not the API")
"""


def test_names():
    """What a Pod finds by name; where the machine gives Pods no view of their own there is nothing to find."""
    stateful = {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "set"},
        "spec": {"serviceName": "members", "selector": {"matchLabels": {"app": "set"}}, "template": {
            "metadata": {"labels": {"app": "set"}}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "none", "command": ["sleep", "1000"]}]}}},
    }  # fmt: skip
    kubectl("apply", "-f", "-", objects=[stateful, service("members", clusterIP="None", selector={"app": "set"})])
    kubectl("rollout", "status", "statefulset/set", "--timeout=60s")
    pod = {"restartPolicy": "Never", "hostname": "looker", "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["one.example"]}],
           "containers": [{"name": "main", "image": "none", "command": ["python3", "-c", LOOKER]}]}  # fmt: skip
    wait_until("the headless Service has its Pod", lambda: field("endpointslice", "members", ".endpoints[0].conditions.ready") == "true")
    kubectl("apply", "-f", "-", objects=[{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "looker"}, "spec": pod}])
    wait_until("it has looked", lambda: field("pod", "looker", ".status.phase") in ("Succeeded", "Failed"))
    said, address = kubectl("logs", "looker"), field("pod", "set-0", ".status.podIP")
    web = field("service", "web", ".spec.clusterIP")
    expected = [f"web{more} 200" for more in ["", ".default", ".default.svc", ".default.svc.cluster.local"]]
    expected += [f"set-0.members {address}", f"set-0.members.default.svc.cluster.local {address}", "one.example 192.0.2.1"]
    expected += [f"hostname looker looker {web} 8080", "api 1"]
    expect(said.splitlines() == expected, f"a Pod finds others by name: {said}")
    kubectl("apply", "-f", "-", objects=[service("later", selector={"app": "web"})])
    later = field("service", "later", ".spec.clusterIP")
    wait_until("a Pod that runs learns of a new Service", lambda: re.search(rf"^{re.escape(later)}\tlater ", kubectl("exec", "set-0", "--", "cat", "/etc/hosts"), re.M))
    expect(kubectl("exec", "set-0", "--", "hostname").strip() == "set-0", "exec has the Pod's name, too")


try:
    run("up", "--detach", "--data", data, "--runtime", "sim")
    expect(proxies() == [], "no proxy runs while there is no Service for it")
    where = test_spread_and_doors()
    test_rolling_update(where)
    test_killed_control_plane(where)
    test_killed_proxy(where)
    test_nobody_answers(where)
    test_other_ends()
    test_names()
    run("down", "--data", data)
    wait_until("nothing is left", lambda: not processes_of(data), 20)
    expect(refused(where, 8080), "nobody listens after down")
    print("ok")
finally:
    run("down", "--data", data, check=False)
    for left in processes_of(data):
        kill(left)
    remove(directory)
