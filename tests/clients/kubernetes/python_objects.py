"""What the Kubernetes client for Python does with objects."""

import json
import time

from kubernetes import client, dynamic
from kubernetes.client.exceptions import ApiException
from python_world import CONFIG_MAPS, GROUP, SPACE, SUFFIX, api, apps, core, custom, deployment, plain, pod, raw, refused, row, settings, widget


@row
def a_life_of_a_config_map():
    made = core.create_namespaced_config_map(SPACE, settings("life", {"a": "1"}))
    assert made.metadata.uid and made.metadata.creation_timestamp and made.metadata.namespace == SPACE
    read = core.read_namespaced_config_map("life", SPACE)
    assert read.data == {"a": "1"} and read.metadata.resource_version == made.metadata.resource_version
    read.data["b"] = "2"
    replaced = core.replace_namespaced_config_map("life", SPACE, read)
    assert replaced.data == {"a": "1", "b": "2"} and int(replaced.metadata.resource_version) > int(made.metadata.resource_version)
    refused(lambda: core.replace_namespaced_config_map("life", SPACE, made), 409, "Conflict")
    gone = plain(core.delete_namespaced_config_map("life", SPACE))
    assert gone["status"] == "Success" and gone["details"]["name"] == "life" and gone["details"]["uid"] == made.metadata.uid
    refused(lambda: core.read_namespaced_config_map("life", SPACE), 404, "NotFound")


@row
def errors_say_what_and_why():
    core.create_namespaced_config_map(SPACE, settings("twice"))
    there = refused(lambda: core.create_namespaced_config_map(SPACE, settings("twice")), 409, "AlreadyExists")
    assert there["message"] == 'configmaps "twice" already exists' and there["details"] == {"name": "twice", "kind": "configmaps"}
    missing = refused(lambda: apps.read_namespaced_deployment("nobody", SPACE), 404, "NotFound")
    assert missing["details"] == {"name": "nobody", "group": "apps", "kind": "deployments"} and missing["message"] == 'deployments.apps "nobody" not found'
    invalid = refused(lambda: core.create_namespaced_pod(SPACE, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "A", "image": "i"}, {"name": "b"}]}}), 422, "Invalid")
    causes = {(cause["field"], cause["reason"]) for cause in invalid["details"]["causes"]}
    assert causes == {("spec.containers[0].name", "FieldValueInvalid"), ("spec.containers[1].image", "FieldValueRequired")}, causes
    assert invalid["details"]["kind"] == "Pod" and invalid["message"].startswith('Pod "p" is invalid: [')
    name = refused(lambda: core.create_namespaced_config_map(SPACE, settings("Wrong")), 422, "Invalid")
    assert "a lowercase RFC 1123 subdomain must consist of" in name["message"]
    big = refused(lambda: core.create_namespaced_config_map(SPACE, settings("big", {"a": "x" * (1 << 20) + "x"})), 422, "Invalid")
    assert big["details"]["causes"][0]["reason"] == "FieldValueTooLong"
    refused(lambda: core.create_namespaced_config_map("nowhere-" + SUFFIX, settings("a")), 404, "NotFound")
    refused(lambda: core.create_namespaced_config_map("default", {**settings("a"), "metadata": {"name": "a", "namespace": "other"}}), 400, "BadRequest")
    refused(lambda: core.create_namespaced_config_map(SPACE, {**settings("a"), "kind": "Secret"}), 400, "BadRequest")


@row
def patches_of_every_type():
    apps.create_namespaced_deployment(SPACE, deployment("patched"))
    two = apps.patch_namespaced_deployment("patched", SPACE, {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "example/side:1"}]}}}})
    assert [c.name for c in two.spec.template.spec.containers] == ["side", "main"] and two.metadata.generation == 2
    one = apps.patch_namespaced_deployment("patched", SPACE, [{"op": "remove", "path": "/spec/template/spec/containers/0"}])
    assert [c.name for c in one.spec.template.spec.containers] == ["main"] and one.metadata.generation == 3
    path = f"/apis/apps/v1/namespaces/{SPACE}/deployments/patched"
    status, _, text = raw("PATCH", path, json.dumps({"spec": {"template": {"spec": {"containers": [{"name": "new", "image": "i"}]}}}}), content_type="application/merge-patch+json")
    assert status == 200 and [c["name"] for c in json.loads(text)["spec"]["template"]["spec"]["containers"]] == ["new"]
    status, _, text = raw("PATCH", path, "{}", content_type="application/xml")
    assert status == 415 and json.loads(text)["reason"] == "UnsupportedMediaType"
    assert apps.patch_namespaced_deployment("patched", SPACE, {"metadata": {"labels": {"a": "b"}}}).metadata.generation == 4
    refused(lambda: apps.patch_namespaced_deployment("patched", SPACE, [{"op": "test", "path": "/metadata/name", "value": "x"}]), 422, "Invalid")
    refused(lambda: apps.patch_namespaced_deployment("patched", SPACE, {"spec": {"selector": {"matchLabels": {"other": "x"}}}}), 422, "Invalid")


@row
def status_and_scale_are_apart():
    apps.create_namespaced_deployment(SPACE, deployment("scaled"))
    scale = apps.read_namespaced_deployment_scale("scaled", SPACE)
    assert scale.kind == "Scale" and not scale.spec.replicas and scale.status.selector == "app=scaled"
    assert apps.patch_namespaced_deployment_scale("scaled", SPACE, {"spec": {"replicas": 0}}).metadata.name == "scaled"
    done = apps.patch_namespaced_deployment_status("scaled", SPACE, {"spec": {"paused": True}, "status": {"collisionCount": 3}})
    assert done.spec.paused is None and done.status.collision_count == 3 and done.metadata.generation == 1
    done.status.collision_count = 4
    assert apps.replace_namespaced_deployment_status("scaled", SPACE, done).status.collision_count == 4


@row
def custom_objects():
    made = custom.create_namespaced_custom_object(GROUP, "v1", SPACE, "widgets", widget("one", anything={"deep": [1, {"x": None}]}))
    assert made["spec"]["replicas"] == 1 and made["metadata"]["generation"] == 1 and made["spec"]["anything"]["deep"][0] == 1
    merged = custom.patch_namespaced_custom_object(GROUP, "v1", SPACE, "widgets", "one", {"spec": {"color": "green", "anything": None}})
    assert merged["spec"] == {"color": "green", "replicas": 1} and merged["metadata"]["generation"] == 2
    state = custom.patch_namespaced_custom_object_status(GROUP, "v1", SPACE, "widgets", "one", {"status": {"phase": "Made"}})
    assert state["status"]["phase"] == "Made" and state["metadata"]["generation"] == 2
    assert custom.get_namespaced_custom_object_scale(GROUP, "v1", SPACE, "widgets", "one")["spec"] == {"replicas": 1}
    wrong = refused(lambda: custom.create_namespaced_custom_object(GROUP, "v1", SPACE, "widgets", widget("two", color="pink", replicas="x")), 422, "Invalid")
    assert {cause["field"] for cause in wrong["details"]["causes"]} >= {"spec.color", "spec.replicas"}, wrong
    assert len(custom.list_namespaced_custom_object(GROUP, "v1", SPACE, "widgets", field_selector="spec.color=green")["items"]) == 1
    assert custom.list_cluster_custom_object(GROUP, "v1", "widgets")["kind"] == "WidgetList"
    assert custom.delete_namespaced_custom_object(GROUP, "v1", SPACE, "widgets", "one")["status"] == "Success"


@row
def the_dynamic_client():
    found = dynamic.DynamicClient(api)
    maps = found.resources.get(api_version="v1", kind="ConfigMap")
    maps.create(body=settings("dynamic", {"a": "1"}), namespace=SPACE)
    assert maps.get(name="dynamic", namespace=SPACE).data.a == "1"
    assert maps.patch(body={"data": {"b": "2"}}, name="dynamic", namespace=SPACE, content_type="application/merge-patch+json").data.b == "2"
    widgets = found.resources.get(api_version=f"{GROUP}/v1", kind="Widget")
    widgets.create(body=widget("dynamic"), namespace=SPACE)
    assert [item.metadata.name for item in widgets.get(namespace=SPACE).items if item.metadata.name == "dynamic"] == ["dynamic"]
    assert next(iter(widgets.watch(namespace=SPACE, name="dynamic", timeout=5)))["object"].metadata.name == "dynamic"
    assert maps.delete(name="dynamic", namespace=SPACE).status == "Success"


@row
def server_side_apply():
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    mine = lambda **data: {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied", "namespace": SPACE}, "data": data}
    made = maps.server_side_apply(body=mine(a="1", b="2"), name="applied", namespace=SPACE, field_manager="one")
    assert [(m.manager, m.operation) for m in made.metadata.managedFields] == [("one", "Apply")]
    status = refused(lambda: maps.server_side_apply(body=mine(a="3"), name="applied", namespace=SPACE, field_manager="two"), 409, "Conflict")
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.a'
    assert status["details"]["causes"] == [{"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}], status
    forced = maps.server_side_apply(body=mine(a="3"), name="applied", namespace=SPACE, field_manager="two", force_conflicts=True)
    assert forced.data.to_dict() == {"a": "3", "b": "2"}
    assert maps.server_side_apply(body=mine(), name="applied", namespace=SPACE, field_manager="one").data.to_dict() == {"a": "3"}
    version = maps.get(name="applied", namespace=SPACE).metadata.resourceVersion
    assert maps.server_side_apply(body=mine(a="3"), name="applied", namespace=SPACE, field_manager="two").metadata.resourceVersion == version, "nothing changed"


@row
def delete_options():
    made = core.create_namespaced_config_map(SPACE, settings("kept"))
    status = refused(lambda: core.delete_namespaced_config_map("kept", SPACE, body={"preconditions": {"uid": "other"}}), 409, "Conflict")
    assert "the UID in the precondition (other) does not match the UID in record" in status["message"], status
    refused(lambda: core.delete_namespaced_config_map("kept", SPACE, body={"preconditions": {"resourceVersion": "1"}}), 409, "Conflict")
    core.delete_namespaced_config_map("kept", SPACE, dry_run="All")
    assert core.read_namespaced_config_map("kept", SPACE).metadata.uid == made.metadata.uid
    core.delete_namespaced_config_map("kept", SPACE, body=client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=made.metadata.uid)))
    refused(lambda: core.delete_namespaced_config_map("kept", SPACE, propagation_policy="Sometimes"), 422)
    core.create_namespaced_config_map(SPACE, {**settings("held"), "metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    core.delete_namespaced_config_map("held", SPACE)
    held = core.read_namespaced_config_map("held", SPACE)
    assert held.metadata.deletion_timestamp and held.metadata.deletion_grace_period_seconds == 0
    core.patch_namespaced_config_map("held", SPACE, {"metadata": {"finalizers": None}})
    refused(lambda: core.read_namespaced_config_map("held", SPACE), 404)
    core.create_namespaced_pod(SPACE, pod("graceful"))
    gone = plain(core.delete_namespaced_pod("graceful", SPACE, grace_period_seconds=0))
    assert gone["metadata"]["name"] == "graceful" and gone["metadata"]["deletionGracePeriodSeconds"] == 0


@row
def unknown_fields_are_refused_warned_of_or_ignored():
    def post(validation, text):
        return raw("POST", CONFIG_MAPS + validation, text, content_type="application/json")

    def odd(name):
        return json.dumps({"metadata": {"name": name}, "dota": {"a": "1"}})

    status, _, text = post("?fieldValidation=Strict", odd("strict"))
    assert (status, json.loads(text)["reason"]) == (400, "BadRequest") and 'strict decoding error: unknown field \\"dota\\"' in text, text
    for validation in ("?fieldValidation=Warn", ""):
        status, headers, _ = post(validation, odd("warned" + validation[-4:].strip("?").lower()))
        assert status == 201 and headers["Warning"] == '299 - "unknown field \\"dota\\""', headers
    status, headers, _ = post("?fieldValidation=Ignore", odd("ignored"))
    assert status == 201 and "Warning" not in headers
    assert post("?fieldValidation=Perhaps", odd("perhaps"))[0] == 422
    status, _, text = post("?fieldValidation=Strict", '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"}}')
    assert status == 400 and 'duplicate field \\"data.a\\"' in text, text
    assert json.loads(post("", '{"metadata":{"name":"last"},"data":{"a":"1","a":"2"}}')[2])["data"] == {"a": "2"}


@row
def a_dry_run_changes_nothing():
    assert core.create_namespaced_config_map(SPACE, settings("dry"), dry_run="All").metadata.uid
    refused(lambda: core.read_namespaced_config_map("dry", SPACE), 404)
    refused(lambda: core.create_namespaced_config_map(SPACE, settings("dry"), dry_run="Some"), 422, "Invalid")
    core.create_namespaced_config_map(SPACE, settings("wet", {"a": "1"}))
    assert core.patch_namespaced_config_map("wet", SPACE, {"data": {"a": "2"}}, dry_run="All").data["a"] == "2"
    assert core.read_namespaced_config_map("wet", SPACE).data["a"] == "1"


@row
def events_of_both_kinds():
    about = {"apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": SPACE}
    core.create_namespaced_event(SPACE, {"metadata": {"name": "old"}, "involvedObject": about, "reason": "Old", "message": "m", "type": "Normal", "count": 2, "source": {"component": "c"}})
    new = json.loads(raw("GET", f"/apis/events.k8s.io/v1/namespaces/{SPACE}/events/old")[2])
    assert new["note"] == "m" and new["regarding"]["name"] == "p" and new["deprecatedCount"] == 2 and new["deprecatedSource"]["component"] == "c"
    assert len(core.list_namespaced_event(SPACE, field_selector="involvedObject.kind=Pod,reason=Old").items) == 1


@row
def a_lease_is_held_by_one():
    leases = client.CoordinationV1Api()
    made = leases.create_namespaced_lease(SPACE, {"metadata": {"name": "leader"}, "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.123456Z"}})
    first, second = leases.read_namespaced_lease("leader", SPACE), leases.read_namespaced_lease("leader", SPACE)
    assert made.spec.renew_time.microsecond == 123456
    first.spec.holder_identity = "b"
    leases.replace_namespaced_lease("leader", SPACE, first)
    second.spec.holder_identity = "c"
    status = refused(lambda: leases.replace_namespaced_lease("leader", SPACE, second), 409, "Conflict")
    assert status["message"].endswith('"leader": the object has been modified; please apply your changes to the latest version and try again')
    assert leases.read_namespaced_lease("leader", SPACE).spec.holder_identity == "b"


@row
def a_pod_is_bound_and_evicted():
    core.create_namespaced_pod(SPACE, pod("evicted"))
    done = core.create_namespaced_pod_eviction("evicted", SPACE, client.V1Eviction(metadata=client.V1ObjectMeta(name="evicted")), _preload_content=False)
    assert done.status == 201 and json.loads(done.data)["status"] == "Success"
    refused(lambda: core.read_namespaced_pod("evicted", SPACE), 404)
    core.create_namespaced_pod(SPACE, pod("bound"))
    core.create_namespaced_pod_binding("bound", SPACE, client.V1Binding(metadata=client.V1ObjectMeta(name="bound"), target=client.V1ObjectReference(kind="Node", name="nowhere")), _preload_content=False)
    bound = core.read_namespaced_pod("bound", SPACE)
    assert bound.spec.node_name == "nowhere" and [c.type for c in bound.status.conditions] == ["PodScheduled"]
    assert plain(core.delete_namespaced_pod("bound", SPACE))["metadata"]["deletionGracePeriodSeconds"] == 30
    core.delete_namespaced_pod("bound", SPACE, grace_period_seconds=0)


@row
def who_one_is_and_what_one_may():
    core.create_namespaced_service_account(SPACE, {"metadata": {"name": "robot"}})
    token = core.create_namespaced_service_account_token("robot", SPACE, {"spec": {"expirationSeconds": 3600}}).status.token
    review = client.AuthenticationV1Api().create_token_review({"spec": {"token": token}}).status
    assert review.authenticated and review.user.username == f"system:serviceaccount:{SPACE}:robot" and "system:authenticated" in review.user.groups
    assert not client.AuthenticationV1Api().create_token_review({"spec": {"token": "wrong"}}).status.authenticated
    access = client.AuthorizationV1Api()
    asked = {"namespace": SPACE, "verb": "get", "resource": "pods"}
    assert access.create_self_subject_access_review({"spec": {"resourceAttributes": asked}}).status.allowed
    assert access.create_self_subject_rules_review({"spec": {"namespace": SPACE}}).status.resource_rules
    assert not access.create_subject_access_review({"spec": {"user": "nobody-" + SUFFIX, "resourceAttributes": asked}}).status.allowed
    rights = client.RbacAuthorizationV1Api()
    rights.create_namespaced_role(SPACE, {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})
    rights.create_namespaced_role_binding(SPACE, {"metadata": {"name": "b"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "somebody-" + SUFFIX}]})
    allowed = lambda verb: access.create_namespaced_local_subject_access_review(SPACE, {"metadata": {"namespace": SPACE}, "spec": {"user": "somebody-" + SUFFIX, "resourceAttributes": {**asked, "verb": verb}}}).status.allowed
    for _ in range(50):
        if allowed("get"):
            break
        time.sleep(0.1)
    assert allowed("get") and not allowed("delete")


@row
def a_namespace_goes_with_what_is_in_it():
    name = "going-" + SUFFIX
    core.create_namespace({"metadata": {"name": name}})
    made = core.read_namespace(name)
    assert made.status.phase == "Active" and made.spec.finalizers == ["kubernetes"] and made.metadata.labels["kubernetes.io/metadata.name"] == name
    core.create_namespaced_config_map(name, settings("inside"))
    core.delete_namespace(name)
    try:
        assert core.read_namespace(name).status.phase == "Terminating"
        status = refused(lambda: core.create_namespaced_config_map(name, settings("late")), 403, "Forbidden")
        assert status["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    except ApiException as error:
        assert error.status == 404, "where a controller empties it, it may be gone already"
