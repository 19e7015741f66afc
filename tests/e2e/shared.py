"""up --listen: who is elsewhere proves who he is, by token or client certificate, over TLS; roles decide over what he reads."""

import base64
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from support import ROOT, endpoints, expect, kill, processes_of, remove, run, scratch  # noqa: E402

directory = scratch()
data = os.path.join(directory, "data")
ADA, GRACE = "ada@example.com", "grace@example.com"


def own_address():
    """Of the interface that leads out of this machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


def token_of(person):
    with open(os.path.join(data, "tokens", person), encoding="utf-8") as file:
        return file.read().strip()


def certificate_of(kubeconfig):
    """A file with the client's certificate and key, as a TLS library wants it."""
    handle, path = tempfile.mkstemp(suffix=".pem", dir=directory)
    with os.fdopen(handle, "wb") as file:
        for name in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(re.search(name + r": (\S+)", kubeconfig).group(1)))
    return path


def ask(url, token=None, certificate=None, method="GET", body=None):
    """Status and JSON (or text) of an answer; certificates are verified, names too."""
    tls = ssl.create_default_context(cafile=os.path.join(data, "certificates/ca.crt"))
    if certificate:
        tls.load_cert_chain(certificate)
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=10, context=tls) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def expect_status(wanted, url, **keywords):
    status, answer = ask(url, **keywords)
    expect(status == wanted, f"{keywords.get('method', 'GET')} {url} answers {wanted}, not {status}: {answer}")
    return answer


def whoami(shared, **credentials):
    review = expect_status(201, shared + "/apis/authentication.k8s.io/v1/selfsubjectreviews", method="POST", body={}, **credentials)
    return review["status"]["userInfo"]


address = own_address()
if address is None or address.startswith("127."):
    print("skipped: this machine has no address but loopback")
    sys.exit(0)
try:
    refused = run("up", "--data", data, "--listen", "gpu-box", check=False)
    expect(refused.returncode == 2 and "not an IP address" in refused.stderr, f"a name is no address to listen on: {refused}")
    run("up", "--detach", "--data", data, "--runtime", "sim", "--listen", address, "--team", os.path.join(ROOT, "examples/support-assistant/team.yaml"))
    faces = endpoints(data)
    shared, loopback = faces["shared"], faces["kubernetes"]
    expect(shared.startswith(f"https://{address}:"), f"endpoints.json says where others come in: {shared}")
    expect(faces["api"].startswith("http://127.0.0.1:"), "what is not TLS stays on loopback")

    # Nobody: health and version, and nothing else, wherever he is.
    for server in (shared, loopback):
        for path in ("/version", "/readyz", "/livez", "/healthz"):
            expect_status(200, server + path)
        for path in ("/apis", "/api/v1/pods", "/api/v1/namespaces", "/openapi/v3", "/metrics", "/api/v1/namespaces/default/secrets"):
            answer = expect_status(403, server + path)
            expect('User "system:anonymous"' in answer["message"], f"anonymous is told so: {answer}")
        expect_status(401, server + "/api/v1/namespaces", method="POST", body={})
    for path in ("/api/slipway/v1/overview", "/api/slipway/v1/timeline", "/apis/v2beta1/runs", "/api/model_registry/v1alpha3/registered_models"):
        expect_status(401, shared + path)
    expect_status(401, shared + "/git/x.git/info/refs?service=git-upload-pack")
    expect_status(403, faces["api"] + "/api/v1/pods")  # RBAC decides there, too
    expect_status(200, faces["api"] + "/api/slipway/v1/overview")  # the page of the machine's own user
    expect_status(401, shared + "/api/v1/pods", token="wrong")

    # By token.
    expect_status(200, shared + "/api/v1/pods", token=token_of(ADA))
    expect_status(200, shared + "/metrics", token=token_of(ADA))
    expect_status(200, shared + "/api/slipway/v1/overview", token=token_of(ADA))
    expect_status(403, shared + "/api/v1/namespaces/default/secrets", token=token_of(ADA))
    made = {"metadata": {"name": "made-elsewhere"}, "data": {"k": "v"}}
    maps = shared + "/api/v1/namespaces/default/configmaps"
    expect_status(403, maps, token=token_of(ADA), method="POST", body=made)
    expect_status(201, maps, token=token_of(GRACE), method="POST", body=made)

    # A service account without rights reads nothing of the team's.
    accounts = shared + "/api/v1/namespaces/default/serviceaccounts"
    expect_status(201, accounts, token=token_of(GRACE), method="POST", body={"metadata": {"name": "robot"}})
    robot = expect_status(201, accounts + "/robot/token", token=token_of(GRACE), method="POST", body={"spec": {}})["status"]["token"]
    for path in ("/api/slipway/v1/overview", "/api/slipway/v1/timeline", "/api/slipway/v1/people", "/apis/v2beta1/runs", "/git/x.git/info/refs?service=git-upload-pack"):
        answer = expect_status(403, shared + path, token=robot)
        expect("no role in the team" in str(answer), f"it is told why: {answer}")

    # By certificate, which an administrator has made.
    refused = run("endpoint", "kubeconfig", "--user", GRACE, "--data", data, "--as", ADA, check=False)
    expect(refused.returncode == 3 and "may not" in refused.stderr, f"not everybody makes them: {refused}")
    refused = run("endpoint", "kubeconfig", "--user", "eve@example.com", "--data", data, "--as", GRACE, check=False)
    expect(refused.returncode == 3 and "nobody has the id" in refused.stderr, f"nor for anybody: {refused}")
    kubeconfig = run("endpoint", "kubeconfig", "--user", ADA, "--days", "7", "--data", data, "--as", GRACE).stdout
    expect(f"server: {shared}" in kubeconfig, f"the kubeconfig leads here: {kubeconfig}")
    ada = certificate_of(kubeconfig)
    expect(whoami(shared, certificate=ada)["username"] == ADA, "the certificate says who it is")
    expect("slipway:ml-engineer" in whoami(shared, certificate=ada)["groups"], "and team.yaml which roles that is")
    expect(whoami(loopback, certificate=ada)["username"] == ADA, "on loopback, too")
    expect_status(200, shared + "/api/v1/pods", certificate=ada)
    expect_status(200, shared + "/api/slipway/v1/overview", certificate=ada)
    expect_status(403, maps, certificate=ada, method="POST", body=made)
    expect(whoami(shared, certificate=ada, token=token_of(GRACE))["username"] == GRACE, "a token that is sent counts")
    grace = certificate_of(run("endpoint", "kubeconfig", "--user", GRACE, "--data", data, "--as", GRACE).stdout)
    expect_status(200, maps + "/made-elsewhere", certificate=grace, method="DELETE")
    audit = run("audit", "--data", data, "--action", "certificate-issued").stdout
    expect(ADA in audit and GRACE in audit, f"both are on record: {audit}")

    # By a certificate of an authority that we do not know.
    if shutil.which("openssl"):
        foreign = os.path.join(directory, "foreign.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        f"/O=system:masters/CN={GRACE}", "-keyout", foreign + ".key", "-out", foreign + ".crt"], check=True, capture_output=True)
        with open(foreign, "w", encoding="utf-8") as file:
            for part in (".crt", ".key"):
                with open(foreign + part, encoding="utf-8") as half:
                    file.write(half.read())
        try:
            status, answer = ask(shared + "/version", certificate=foreign)
            expect(False, f"a certificate of a stranger ends the handshake, not {status}: {answer}")
        except (ssl.SSLError, urllib.error.URLError, ConnectionError):
            pass

    # The command line from elsewhere.
    from_elsewhere = dict(os.environ, SLIPWAY_URL=shared, SLIPWAY_TOKEN=token_of(ADA), SLIPWAY_CA_FILE=os.path.join(data, "certificates/ca.crt"))
    expect(run("status", env=from_elsewhere, check=False).returncode in (0, 1), "slipway status over TLS")
    without = dict(from_elsewhere, SLIPWAY_CA_FILE="")
    refused = run("status", env=without, check=False)
    expect(refused.returncode == 4 and "SLIPWAY_CA_FILE" in refused.stderr, f"a server that nobody vouches for is not talked to: {refused}")

    # kubectl, when there is one.
    if shutil.which("kubectl"):
        path = os.path.join(directory, "ada.kubeconfig")
        with open(path, "w", encoding="utf-8") as file:
            file.write(kubeconfig)
        kubectl = ["kubectl", "--kubeconfig", path, "--cache-dir", os.path.join(directory, "cache")]
        who = subprocess.run([*kubectl, "auth", "whoami", "-o", "json"], capture_output=True, text=True, check=True).stdout
        expect(json.loads(who)["status"]["userInfo"]["username"] == ADA, f"kubectl auth whoami: {who}")
        subprocess.run([*kubectl, "get", "pods", "-A"], capture_output=True, check=True)
        refused = subprocess.run([*kubectl, "create", "configmap", "x"], capture_output=True, text=True)
        expect(refused.returncode != 0 and "forbidden" in refused.stderr, f"kubectl create by who may not: {refused.stderr}")
        print("kubectl over", shared, "by certificate: whoami, get, create refused")
    print("shared at", shared)

    # Who is no longer in the team has nothing left, and nothing of it back when he is added again.
    with open(os.path.join(ROOT, "examples/support-assistant/team.yaml"), encoding="utf-8") as file:
        everybody = file.read()
    without_ada = os.path.join(directory, "without-ada.yaml")
    with open(without_ada, "w", encoding="utf-8") as file:
        file.write(everybody.replace(f"  - id: {ADA}\n    name: Ada\n    roles: [ml-engineer]\n", ""))
    old_token = token_of(ADA)

    def start_again(team):
        run("down", "--data", data)
        run("up", "--detach", "--data", data, "--runtime", "sim", "--listen", address, "--team", team)
        return endpoints(data)["shared"]

    shared = start_again(without_ada)
    for credentials in ({"certificate": ada}, {"token": old_token}):
        answer = expect_status(401, shared + "/api/v1/pods", **credentials)
        expect("no longer in team.yaml" in str(answer), f"who left is told so: {answer}")
    expect(not os.path.exists(os.path.join(data, "kubeconfigs", ADA)), "the kubeconfig of who left is gone")
    with open(os.path.join(data, "kubeconfig"), encoding="utf-8") as file:
        expect(ADA not in file.read(), "and so is his context")
    expect_status(200, shared + "/api/v1/pods", certificate=grace)
    shared = start_again(os.path.join(ROOT, "examples/support-assistant/team.yaml"))
    for credentials in ({"certificate": ada}, {"token": old_token}):
        expect_status(401, shared + "/api/v1/pods", **credentials)
    expect_status(200, shared + "/api/v1/pods", token=token_of(ADA))
    expect_status(200, shared + "/api/v1/pods", certificate=certificate_of(
        run("endpoint", "kubeconfig", "--user", ADA, "--data", data, "--as", GRACE).stdout))
    print("who left is out, and comes back with new credentials")
finally:
    run("down", "--data", data, check=False)
    for pid in processes_of(data):
        kill(pid)
    remove(directory)
