"""Custom resources: their definition, what is refused, their subresources, columns and selectors."""

import re

from rows import Row, see

WIDGET = "apiVersion: {x}.example.com/v1\nkind: Widget\nmetadata: {name: %s}\nspec: {%s}\n"
WIDGETS = "widgets.{x}.example.com"

CUSTOM = [
    see("create a definition", "create -f crd.yaml", "customresourcedefinition.apiextensions.k8s.io/widgets.{x}.example.com created"),
    see("it becomes established", "wait --for=condition=Established crd/" + WIDGETS + " --timeout=20s", "condition met"),
    see("its names are accepted", "get crd " + WIDGETS + " -o json", check=lambda a: a["status"]["acceptedNames"]["plural"] == "widgets" and a["status"]["storedVersions"] == ["v1"]),
    see("it is discovered", "api-resources --api-group={x}.example.com", re.compile(r"^widgets +wdXXXXXX +XXXXXX\.example\.com/v1 +true +Widget$", re.M), until=10),
    see("explain knows it", "explain widget.spec.color --api-version={x}.example.com/v1", "KIND:  Widget", "FIELD: color <string>", "Its paint.", until=20),
    see("explain knows its values", "explain widget.spec --recursive --api-version={x}.example.com/v1", "enum: red, green, blue", re.compile(r"parts\s+<\[\]Object>")),
    Row("create one", "create -f widget.yaml"),
    Row("its defaults are there", "get " + WIDGETS + " first -o jsonpath={.spec}{.metadata.generation}"),
    Row("its columns", "get " + WIDGETS),
    Row("its wide columns", "get wd{x} -o wide"),
    Row("get all has it", "get all -l app=web"),
    see("describe it", "describe " + WIDGETS + " first", "Kind:  Widget", "Color:  blue", "Count:  4", "Events:  <none>"),
    Row("a wrong value", "create -f -", code=1, stdin=WIDGET % ("bad", "color: pink")),
    see("a wrong type", "create -f -", "spec.replicas in body must be of type integer", code=1, stdin=WIDGET % ("bad", "color: red, replicas: many")),
    Row("too many", "create -f -", code=1, stdin=WIDGET % ("bad", "color: red, replicas: 101")),
    Row("a missing field", "create -f -", code=1, stdin=WIDGET % ("bad", "replicas: 1")),
    Row("two of the same key", "create -f -", code=1, stdin=WIDGET % ("bad", "color: red, parts: [{name: a}, {name: a}]")),
    Row("two of the same tag", "create -f -", code=1, stdin=WIDGET % ("bad", "color: red, tags: [a, a]")),
    Row("a rule broken", "create -f -", code=1, stdin=WIDGET % ("bad", "color: red, replicas: 6")),
    Row("an unknown field", "create -f -", code=1, stdin=WIDGET % ("bad", "color: red, paint: 1")),
    see("an unknown field with --validate=warn", "create --validate=warn -f -", 'Warning: unknown field "spec.paint"', "pruned created", stdin=WIDGET % ("pruned", "color: red, paint: 1")),
    Row("is pruned", "get " + WIDGETS + " pruned -o jsonpath={.spec}"),
    Row("a size that is a number, one that is a text", "create -f -", stdin=WIDGET % ("sized", "color: green, size: 5") + "---\n" + WIDGET % ("named", "color: green, size: big, serial: s1")),
    Row("a rule about what was", "patch " + WIDGETS + " named --type=merge -p '{\"spec\":{\"serial\":\"s2\"}}'", code=1),
    Row("apply", "apply -f -", stdin=WIDGET % ("applied", "color: red, tags: [a, b]")),
    Row("apply with a change", "apply -f -", stdin=WIDGET % ("applied", "color: green, tags: [b, c]")),
    Row("apply's result", "get " + WIDGETS + " applied -o jsonpath={.spec}{.metadata.generation}"),
    Row("apply --server-side", "apply --server-side -f -", stdin=WIDGET % ("owned", "color: red, parts: [{name: a, count: 2}]")),
    Row("another manager adds a part", "apply --server-side --field-manager=other -f -", stdin=WIDGET % ("owned", "parts: [{name: b}]")),
    Row("both parts are there", "get " + WIDGETS + " owned -o jsonpath={.spec.parts}"),
    Row("another manager's color conflicts", "apply --server-side --field-manager=other -f -", code=1, stdin=WIDGET % ("owned", "color: blue")),
    see("diff", "diff -f -", "-  color: green", "+  color: blue", code=1, stdin=WIDGET % ("applied", "color: blue, tags: [b, c]")),
    Row("patch, merge", "patch " + WIDGETS + " first --type=merge -p '{\"spec\":{\"replicas\":3}}'"),
    Row("patch, json", "patch " + WIDGETS + " first --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/tags/-\",\"value\":\"red\"}]'"),
    Row("patch, strategic, is refused", "patch " + WIDGETS + " first --type=strategic -p '{\"spec\":{\"replicas\":3}}'", code=1),
    see("a raw patch of a wrong type", "get --raw /apis/{x}.example.com/v1/namespaces/{ns}/widgets/first", check=lambda a: a["kind"] == "Widget" and a["spec"]["tags"] == ["new", "big", "red"]),
    Row("its status", "patch " + WIDGETS + " first --subresource=status --type=merge -p '{\"spec\":{\"replicas\":9},\"status\":{\"phase\":\"Made\",\"replicas\":2,\"selector\":\"app=web\"}}'"),
    Row("a status leaves the spec and the generation", "get " + WIDGETS + " first -o jsonpath={.spec.replicas}{.status}{.metadata.generation}"),
    Row("a main write leaves the status", "patch " + WIDGETS + " first --type=merge -p '{\"status\":{\"phase\":\"Broken\"}}'"),
    Row("which is", "get " + WIDGETS + " first -o wide"),
    Row("scale", "scale " + WIDGETS + " first --replicas=4"),
    see("its scale", "get " + WIDGETS + " first --subresource=scale -o json", check=lambda a: a["kind"] == "Scale" and a["spec"] == {"replicas": 4} and a["status"] == {"replicas": 2, "selector": "app=web"}),
    Row("wait for its phase", "wait --for=jsonpath={.status.phase}=Made " + WIDGETS + "/first --timeout=5s"),
    Row("select by label", "get " + WIDGETS + " -l app=web -o name"),
    Row("select by its own field", "get " + WIDGETS + " --field-selector spec.color=green -o name"),
    Row("select by a field that is not selectable", "get " + WIDGETS + " --field-selector spec.replicas=1", code=1),
    Row("watch", "get " + WIDGETS + " --watch-only --no-headers --output-watch-events", stop=True, lines=3,
        during=("patch " + WIDGETS + " sized --type=merge -p '{\"spec\":{\"color\":\"red\"}}'", "annotate " + WIDGETS + " sized a=b", "delete " + WIDGETS + " sized")),
    Row("edit", "edit " + WIDGETS + " first", env={"KUBE_EDITOR": "sed -i s/blue/green/"}),
    Row("edit that is wrong", "edit " + WIDGETS + " first", env={"KUBE_EDITOR": "sed -i 's/color: green/color: pink/'"}, code=1, recorded=False),
    Row("label and annotate", "label " + WIDGETS + " first kept=yes"),
    Row("replace", "replace -f -", stdin=WIDGET % ("pruned", "color: blue")),
    see("delete one", "delete " + WIDGETS + " pruned", 'deleted'),
    Row("get what is not there", "get " + WIDGETS + " pruned", code=1),
    Row("a definition with a wrong schema", "create -f -", code=1, stdin="""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.{x}.example.com}
spec:
  group: {x}.example.com
  scope: Cluster
  names: {plural: gadgets, kind: Gadget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {properties: {a: {type: text}}}}}}}]
"""),
    Row("a definition with a wrong name", "create -f -", code=1, stdin="""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: other.{x}.example.com}
spec:
  group: {x}.example.com
  scope: Cluster
  names: {plural: gadgets, kind: Gadget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""),
    see("the definition with a new version", "patch crd " + WIDGETS + " --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/shine\",\"value\":{\"type\":\"integer\"}}]'", "patched"),
    see("its new field", "patch " + WIDGETS + " first --type=merge -p '{\"spec\":{\"shine\":1}}'", "patched", until=10),
    see("is kept", "get " + WIDGETS + " first -o jsonpath={.spec.shine}", re.compile("^1$", re.M), until=10),
    see("delete the definition", "delete crd " + WIDGETS + " --timeout=30s", "deleted"),
    see("and its objects are gone", "get --raw /apis/{x}.example.com/v1/namespaces/{ns}/widgets", "NotFound", code=1, until=10),
]

TABLES = {"custom": CUSTOM}
