"""Objects made: by generators, from files, by server-side and client-side apply, and as a dry run."""

import re

from rows import Row, see

CREATE = [
    Row("create configmap from literals", "create configmap c1 --from-literal=a=1 --from-literal=b=two"),
    Row("create configmap from files", "create configmap c2 --from-file=things.yaml --from-file=other=node-status.yaml"),
    see("what came of the files", "get configmap c2 -o json", check=lambda a: set(a["data"]) == {"things.yaml", "other"} and "metadata" not in a["data"]["other"]),
    Row("create configmap from an env file", "create configmap c3 --from-env-file=/dev/stdin", stdin="A=1\nB=2\n"),
    Row("create configmap that is there", "create configmap c1", code=1),
    Row("create configmap with a wrong name", "create configmap Wrong_Name", code=1),
    Row("create configmap with a wrong key", "create -f -", code=1, stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"k"},"data":{"a b":"1"}}'),
    Row("create secret generic", "create secret generic s1 --from-literal=key=value"),
    Row("what is in the secret", "get secret s1 -o yaml"),
    Row("create secret docker-registry", "create secret docker-registry s2 --docker-server=example.com --docker-username=ada --docker-password=word"),
    Row("what kind of secret that is", "get secret s2 -o jsonpath={.type}"),
    Row("create namespace -o name --dry-run=client", "create namespace never -o name --dry-run=client"),
    Row("create serviceaccount", "create serviceaccount a1"),
    Row("create deployment", "create deployment d1 --image=example/web:1 --replicas=0 --port=80"),
    Row("what came of the deployment", "get deployment d1 -o jsonpath={.metadata.labels}{.metadata.generation}{.spec}"),
    Row("create deployment with a wrong count", "create deployment d2 --image=example/web:1 --replicas=-2", code=1),
    Row("create job, suspended", "create -f - ", stdin='{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j1"},"spec":{"suspend":true,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"m","image":"example/job:1"}]}}}}'),
    see("what came of the job", "get job j1 -o json", check=lambda a: a["spec"]["backoffLimit"] == 6 and a["spec"]["completionMode"] == "NonIndexed"
        and a["spec"]["template"]["metadata"]["labels"]["batch.kubernetes.io/job-name"] == "j1" == a["spec"]["template"]["metadata"]["labels"]["job-name"]
        and a["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] == a["metadata"]["uid"]),
    Row("create job as a dry run", "create job j2 --image=example/job:1 --dry-run=server -o jsonpath={.spec.template.spec} -- echo hello"),
    Row("create cronjob", "create cronjob cj1 --image=example/job:1 --schedule='0 4 * * *' -- echo hello"),
    Row("a suspended cron job", "patch cronjob cj1 -p '{\"spec\":{\"suspend\":true}}'"),
    Row("create cronjob with a wrong schedule", "create cronjob cj2 --image=example/job:1 --schedule=often", code=1),
    see("create job --from=cronjob", "create job j3 --from=cronjob/cj1 --dry-run=server -o json",
        check=lambda a: a["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual" and a["metadata"]["ownerReferences"][0]["kind"] == "CronJob"),
    Row("create service clusterip", "create service clusterip v1 --tcp=80:8080"),
    Row("create service clusterip, headless", "create service clusterip v2 --clusterip=None --tcp=5678"),
    see("create service nodeport", "create service nodeport v3 --tcp=80:8080", "service/v3 created"),
    see("what came of it", "get service v3 -o json", check=lambda a: 30000 <= a["spec"]["ports"][0]["nodePort"] <= 32767 and a["spec"]["externalTrafficPolicy"] == "Cluster"),
    Row("create service externalname", "create service externalname v4 --external-name=example.com"),
    Row("get services", "get services"),
    Row("create service with a wrong name", "create service clusterip 8b.x --tcp=80", code=1),
    Row("create role", "create role r1 --verb=get,list --resource=pods,deployments.apps --resource-name=web"),
    Row("what came of the role", "get role r1 -o jsonpath={.rules}"),
    Row("create rolebinding", "create rolebinding b1 --role=r1 --user=ada --group=team --serviceaccount=other:robot"),
    Row("what came of the binding", "get rolebinding b1 -o jsonpath={.subjects}{.roleRef}"),
    Row("create clusterrole", "create clusterrole r-{x} --verb=get --resource=nodes --dry-run=server"),
    Row("create clusterrolebinding", "create clusterrolebinding b-{x} --clusterrole=view --user=ada --dry-run=server"),
    see("a binding never changes its role", "patch rolebinding b1 --type=merge -p '{\"roleRef\":{\"name\":\"other\"}}'", "roleRef: Invalid value", "cannot change roleRef", code=1),
    Row("create poddisruptionbudget", "create poddisruptionbudget p1 --selector=app=web --min-available=50%"),
    Row("create ingress", "create ingress i1 --rule=example.com/*=web:80"),
    Row("get ingress", "get ingress i1"),
    Row("create priorityclass as a dry run", "create priorityclass high-{x} --value=1000 --dry-run=server"),
    Row("expose", "expose deployment d1 --port=80 --target-port=8080 --name=exposed"),
    Row("what came of it being exposed", "get service exposed -o jsonpath={.spec.selector}{.spec.ports}"),
    see("autoscale", "autoscale deployment d1 --min=1 --max=3 --cpu-percent=70 --name=scaled --dry-run=server", "horizontalpodautoscaler.autoscaling/scaled autoscaled (server dry run)"),
    see("run --dry-run=client", "run lonely --image=example/web:1 --port=80 --labels=a=b --dry-run=client -o yaml", "- image: example/web:1", "containerPort: 80", "restartPolicy: Always", "    a: b"),
    see("run --dry-run=server", "run lonely --image=example/web:1 --dry-run=server -o json", check=lambda a: a["spec"]["containers"][0]["terminationMessagePath"] == "/dev/termination-log"),
    Row("and nothing was made", "get pod lonely", code=1),
    see("create -f with generateName", "create -f -", re.compile(r"^configmap/part-\w{5} created$", re.M), stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"part-"}}'),
    Row("create -f of a list", "create -f -", stdin='{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"l1"}},{"apiVersion":"v1","kind":"Secret","metadata":{"name":"l2"}}]}'),
    Row("create -f --save-config", "create --save-config -f -", stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"saved"},"data":{"a":"1"}}'),
    Row("what was saved", "get configmap saved -o jsonpath={.metadata.annotations}"),
    Row("create -f of an unknown kind", "create -f -", code=1, stdin='{"apiVersion":"nobody.example.com/v1","kind":"Nothing","metadata":{"name":"n"}}'),
    Row("create -f with an unknown field", "create -f -", code=1, stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"u1"},"dota":{"a":"1"}}'),
    see("create -f --validate=warn", "create --validate=warn -f -", 'Warning: unknown field "dota"', "configmap/u3 created", stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"u3"},"dota":{"a":"1"}}'),
    Row("create -f --validate=ignore", "create --validate=ignore -f -", stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"u4"},"dota":{"a":"1"}}'),
    see("create -f that is of a wrong type", "create --validate=false -f -", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap", code=1, stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"u5"},"data":{"a":1}}'),
    Row("create -f with invalid fields", "create -f -", code=1, stdin='{"apiVersion":"v1","kind":"Pod","metadata":{"name":"u6"},"spec":{"restartPolicy":"Sometimes","containers":[{"name":"A_B","ports":[{"containerPort":0}]}]}}'),
    Row("create -f with a selector that misses", "create -f -", code=1, stdin='{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"u7"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"c"}},"spec":{"containers":[{"name":"m","image":"i"}]}}}}'),
    Row("create -f with a wrong quantity", "create -f -", code=1, stdin='{"apiVersion":"v1","kind":"Pod","metadata":{"name":"u8"},"spec":{"containers":[{"name":"m","image":"i","resources":{"limits":{"cpu":"lots"}}}]}}'),
    Row("create -f in a namespace that is not there", "create configmap nowhere -n nowhere-{x}", code=1),
    # Last: where controllers run, Pods that do not say how much cpu they need are refused from now on.
    Row("create quota", "create quota q1 --hard=pods=2,requests.cpu=1500m"),
    Row("create --raw", "create --raw /api/v1/namespaces/{ns}/configmaps -f /dev/stdin", stdin='{"metadata":{"name":"raw"}}', recorded=False),
]

DRY = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dry"},"data":{"a":"%s"}}'
SETTINGS = """apiVersion: v1
kind: ConfigMap
metadata: {name: applied, labels: {part: one}}
data: {%s}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: applied}
spec: {selector: {app: web}, ports: [%s]}
"""
APPLY = [
    Row("apply creates", "apply -f -", stdin=SETTINGS % "a: one, b: two"),
    Row("what was applied is kept in an annotation", "get configmap applied -o jsonpath={.metadata.annotations}"),
    Row("apply without a change", "apply -f -", stdin=SETTINGS % "a: one, b: two"),
    Row("apply with a change", "apply -f -", stdin=SETTINGS % "a: one, c: three"),
    Row("what is no longer applied is gone", "get configmap applied -o jsonpath={.data}"),
    Row("others' fields", "patch configmap applied -p '{\"data\":{\"theirs\":\"1\"}}'"),
    Row("apply again", "apply -f -", stdin=SETTINGS % "a: four"),
    Row("others' fields stay", "get configmap applied -o jsonpath={.data}"),
    Row("apply -o name", "apply -o name -f -", stdin=SETTINGS % "a: four"),
    Row("apply a service", "apply -f -", stdin=SERVICE % "{name: a, port: 80}, {name: b, port: 81}"),
    Row("apply with a list of ports changed", "apply -f -", stdin=SERVICE % "{name: b, port: 81, targetPort: 8081}, {name: c, port: 82}"),
    Row("lists merge by their key", "get service applied -o jsonpath={.spec.ports}"),
    Row("apply view-last-applied", "apply view-last-applied configmap applied"),
    Row("apply set-last-applied", "apply set-last-applied -f -", stdin=SETTINGS % "a: five"),
    Row("apply edit-last-applied", "apply edit-last-applied configmap applied", env={"KUBE_EDITOR": "sed -i s/five/six/"}),
    Row("apply of many", "apply -f things.yaml"),
    Row("apply of many again", "apply -f things.yaml"),
    Row("apply over what create made", "create configmap plain --from-literal=a=1"),
    see("a warning that the annotation was missing", "apply -f -", "Warning: resource configmaps/plain is missing the kubectl.kubernetes.io/last-applied-configuration annotation", "configmap/plain configured",
        stdin='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"plain"},"data":{"a":"2"}}'),
    Row("apply of what is wrong", "apply -f -", code=1, stdin=SERVICE % "{name: a, port: 0}"),
    Row("apply of an immutable field", "apply -f -", code=1, stdin="apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: other}}, template: {metadata: {labels: {app: other}}, spec: {containers: [{name: m, image: i}]}}}\n"),
    Row("apply --dry-run=client", "apply --dry-run=client -f -", stdin=DRY % 1),
    Row("apply --dry-run=server", "apply --dry-run=server -f -", stdin=DRY % 1),
    Row("nothing came of it", "get configmap dry", code=1),
    Row("apply --dry-run=server of what is there", "apply --dry-run=server -f - -o jsonpath={.data}", stdin=SETTINGS % "a: seven"),
    see("diff shows a change", "diff -f -", "-  a: four", "+  a: seven", code=1, stdin=SETTINGS % "a: seven"),
    Row("diff of what is so already", "diff -f -", stdin=SETTINGS % "a: four"),
    see("diff of a new one", "diff -f -", "+kind: ConfigMap", "+  name: dry", code=1, stdin=DRY % 1),
    see("diff --server-side", "diff --server-side --force-conflicts -f -", "+  a: seven", code=1, stdin=SETTINGS % "a: seven"),
    Row("apply --prune makes the two", "apply --prune -l set={x} --prune-allowlist=core/v1/ConfigMap -f -", stdin="""apiVersion: v1
kind: ConfigMap
metadata: {name: prune-a, labels: {set: "{x}"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: prune-b, labels: {set: "{x}"}}
"""),
    Row("apply --prune takes one away", "apply --prune -l set={x} --prune-allowlist=core/v1/ConfigMap -f -", stdin='apiVersion: v1\nkind: ConfigMap\nmetadata: {name: prune-b, labels: {set: "{x}"}}\n'),
]

MINE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: owned}\ndata: {%s}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: owned}
spec:
  replicas: 0
  selector: {matchLabels: {app: owned}}
  template:
    metadata: {labels: {app: owned}}
    spec: {schedulerName: nobody, containers: [{name: main, image: "%s"%s}]}
"""


def owners(answer):
    return {m["manager"]: (m["operation"], m["fieldsV1"]) for m in answer["metadata"]["managedFields"]}


SERVER_SIDE = [
    Row("apply --server-side", "apply --server-side -f -", stdin=MINE % "a: one, b: two"),
    see("its fields have an owner", "get configmap owned -o json --show-managed-fields",
        check=lambda a: owners(a) == {"kubectl": ("Apply", {"f:data": {"f:a": {}, "f:b": {}}})} and "annotations" not in a["metadata"]),
    Row("apply --server-side again", "apply --server-side -f -", stdin=MINE % "a: one, b: two"),
    Row("another manager conflicts", "apply --server-side --field-manager=other -f -", code=1, stdin=MINE % "a: mine"),
    Row("another manager, the same value", "apply --server-side --field-manager=other -f -", stdin=MINE % "a: one, c: three"),
    see("both own it", "get configmap owned -o json --show-managed-fields", check=lambda a: owners(a)["other"][1] == {"f:data": {"f:a": {}, "f:c": {}}} and "f:a" in owners(a)["kubectl"][1]["f:data"]),
    Row("--force-conflicts takes it", "apply --server-side --field-manager=other --force-conflicts -f -", stdin=MINE % "a: mine, c: three"),
    see("the first one lost it", "get configmap owned -o json --show-managed-fields", check=lambda a: a["data"]["a"] == "mine" and owners(a)["kubectl"][1] == {"f:data": {"f:b": {}}}),
    Row("a field given up is removed", "apply --server-side --field-manager=other -f -", stdin=MINE % "a: mine"),
    Row("what is left", "get configmap owned -o jsonpath={.data}"),
    Row("a patch takes a field without asking", "patch configmap owned --type=merge -p '{\"data\":{\"b\":\"patched\"}}'"),
    Row("after which its owner conflicts", "apply --server-side -f -", code=1, stdin=MINE % "b: two"),
    Row("--dry-run=server", "apply --server-side --dry-run=server --force-conflicts -f - -o jsonpath={.data}", stdin=MINE % "b: three"),
    Row("a deployment applied", "apply --server-side -f -", stdin=DEPLOYMENT % ("example/web:1", ", env: [{name: A, value: one}]")),
    Row("another manager adds to its list", "apply --server-side --field-manager=other -f -", stdin="apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: owned}\nspec: {template: {spec: {containers: [{name: main, env: [{name: B, value: two}]}]}}}\n"),
    Row("both entries are there", "get deployment owned -o jsonpath={.spec.template.spec.containers[0].env}"),
    Row("the first gives up its entry", "apply --server-side -f -", stdin=DEPLOYMENT % ("example/web:2", "")),
    Row("the other's stays", "get deployment owned -o jsonpath={.spec.template.spec.containers[0].env}{.spec.template.spec.containers[0].image}{.metadata.generation}"),
    Row("a conflict inside a list", "apply --server-side --field-manager=other -f -", code=1, stdin=DEPLOYMENT % ("example/web:3", "")),
    Row("a wrong field server-side", "apply --server-side -f -", code=1, stdin=MINE.replace("data", "dota") % "a: one"),
    see("a wrong type server-side", "apply --server-side -f -", ".data.a: expected string", code=1, stdin=MINE % "a: [1]"),
    Row("from client-side", "apply -f -", stdin=MINE.replace("owned", "moved") % "a: one, b: two"),
    Row("to server-side", "apply --server-side -f -", stdin=MINE.replace("owned", "moved") % "a: one, b: two"),
    see("kubectl's own fields have moved", "get configmap moved -o json --show-managed-fields", check=lambda a: {m: o for m, (o, _) in owners(a).items()}.get("kubectl") == "Apply" and "kubectl-client-side-apply" not in owners(a)),
    Row("then a field given up goes", "apply --server-side -f -", stdin=MINE.replace("owned", "moved") % "a: one"),
    Row("what is left of the moved", "get configmap moved -o jsonpath={.data}"),
]

TABLES = {"create": CREATE, "apply": APPLY, "server-side": SERVER_SIDE}
