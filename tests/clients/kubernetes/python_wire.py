"""Lists, watches, and requests as careless or as particular as clients make them."""

import json
import time

from kubernetes import watch
from kubernetes.client.exceptions import ApiException
from python_world import CONFIG_MAPS, GROUP, SPACE, core, custom, plain, raw, refused, row, settings, widget


@row
def lists_come_in_pieces():
    for number in range(7):
        core.create_namespaced_config_map(SPACE, settings(f"piece-{number}", labels={"list": "pieces", "odd": str(number % 2)}))
    names, token, pages = [], None, 0
    while True:
        page = core.list_namespaced_config_map(SPACE, label_selector="list=pieces", limit=3, _continue=token)
        names, token, pages = names + [item.metadata.name for item in page.items], page.metadata._continue, pages + 1
        if pages == 1:
            core.create_namespaced_config_map(SPACE, settings("piece-9", labels={"list": "pieces"}))
        if not token:
            break
    assert names == [f"piece-{number}" for number in range(7)] and pages == 3, "a list in pieces is as of its first piece"
    assert len(core.list_namespaced_config_map(SPACE, label_selector="list=pieces,odd in (1)").items) == 3
    assert [i.metadata.name for i in core.list_namespaced_config_map(SPACE, field_selector="metadata.name=piece-3").items] == ["piece-3"]
    whole = core.list_namespaced_config_map(SPACE, limit=1)
    assert whole.metadata.remaining_item_count >= 7 and whole.metadata.resource_version
    refused(lambda: core.list_namespaced_config_map(SPACE, limit=3, _continue="nonsense"), 400)
    refused(lambda: core.list_namespaced_config_map(SPACE, field_selector="data.a=1"), 400, "BadRequest")
    assert core.list_namespaced_config_map(SPACE, resource_version="0").items
    deleted = plain(core.delete_collection_namespaced_config_map(SPACE, label_selector="list=pieces,odd=1"))
    assert deleted["kind"] == "ConfigMapList", "what was deleted is told"
    assert len(core.list_namespaced_config_map(SPACE, label_selector="list=pieces").items) == 5


@row
def a_watch_goes_on_from_a_version():
    start = core.list_namespaced_config_map(SPACE).metadata.resource_version
    core.create_namespaced_config_map(SPACE, settings("watched", {"a": "1"}))
    core.patch_namespaced_config_map("watched", SPACE, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("watched", SPACE)
    seen, versions = [], []
    for event in watch.Watch().stream(core.list_namespaced_config_map, SPACE, resource_version=start, timeout_seconds=10):
        if event["object"].metadata.name == "watched":
            seen.append((event["type"], event["object"].data["a"]))
            versions.append(int(event["object"].metadata.resource_version))
        if len(seen) == 3:
            break
    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")] and versions == sorted(set(versions)), (seen, versions)


@row
def a_watch_ends_when_asked():
    began = time.monotonic()
    for _ in watch.Watch().stream(core.list_namespaced_secret, SPACE, resource_version=core.list_namespaced_secret(SPACE).metadata.resource_version, timeout_seconds=2):
        pass
    assert 1 < time.monotonic() - began < 8


@row
def a_watch_from_too_long_ago_is_gone():
    custom.create_namespaced_custom_object(GROUP, "v1", SPACE, "widgets", widget("old"))
    try:
        for _ in watch.Watch().stream(custom.list_namespaced_custom_object, GROUP, "v1", SPACE, "widgets", resource_version="1", timeout_seconds=5):
            raise AssertionError("an event from before its kind was")
        raise AssertionError("no error")
    except ApiException as error:
        assert error.status == 410 and "too old resource version: 1" in error.reason, error
    status, _, text = raw("GET", f"/apis/{GROUP}/v1/namespaces/{SPACE}/widgets?watch=1&resourceVersion=1&timeoutSeconds=3")
    event = json.loads(text.splitlines()[0])
    assert status == 200 and event["type"] == "ERROR" and event["object"]["code"] == 410 and event["object"]["reason"] in ("Expired", "Gone"), event


@row
def a_version_from_the_future_is_not_there_yet():
    future = str(int(core.list_namespaced_config_map(SPACE).metadata.resource_version) + 1_000_000)
    status = refused(lambda: core.list_namespaced_config_map(SPACE, resource_version=future), 504, "Timeout")
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge" and status["details"]["retryAfterSeconds"] == 1


@row
def a_watch_can_bring_the_list():
    core.create_namespaced_secret(SPACE, {"metadata": {"name": "first"}})
    path = f"/api/v1/namespaces/{SPACE}/secrets?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=2&resourceVersion=0"
    assert raw("GET", path)[0] == 422
    events = [json.loads(line) for line in raw("GET", path + "&resourceVersionMatch=NotOlderThan")[2].splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["ADDED", "BOOKMARK"] or kinds[-1] == "BOOKMARK", kinds
    bookmark = events[kinds.index("BOOKMARK")]["object"]
    assert bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"} and bookmark["kind"] == "Secret" and bookmark["metadata"]["resourceVersion"]


@row
def careless_requests_are_understood():
    status, _, text = raw("POST", CONFIG_MAPS, json.dumps({"metadata": {"name": "careless"}, "data": {"a": "1"}}))
    assert status == 201 and json.loads(text)["kind"] == "ConfigMap" and json.loads(text)["apiVersion"] == "v1", text
    assert raw("GET", "/version/")[0] == 200
    assert raw("POST", CONFIG_MAPS, "metadata: {name: as-yaml}\n", content_type="application/yaml")[0] == 201
    status, _, text = raw("POST", CONFIG_MAPS, "a=1", content_type="application/x-www-form-urlencoded")
    assert status == 415 and json.loads(text)["reason"] == "UnsupportedMediaType", text
    status, _, text = raw("POST", CONFIG_MAPS, "{nonsense", content_type="application/json")
    assert status == 400 and json.loads(text)["reason"] == "BadRequest", text
    assert raw("POST", CONFIG_MAPS + "/careless", "{}", content_type="application/json")[0] == 405
    assert raw("GET", CONFIG_MAPS, accept="application/xml")[0] == 406
    assert raw("GET", "/apis/nobody.example.com/v1/things")[2].startswith("404 page not found")
    assert json.loads(raw("GET", f"/api/v1/namespaces/{SPACE}/nothings")[2])["reason"] == "NotFound"
    status, _, text = raw("POST", CONFIG_MAPS, json.dumps(settings("huge", {"a": "x" * 4_000_000})), content_type="application/json")
    assert status == 413 and json.loads(text)["reason"] == "RequestEntityTooLarge", text[:300]


@row
def lists_in_other_forms():
    core.create_namespaced_config_map(SPACE, settings("formed", {"a": "1"}, {"form": "yes"}))
    status, headers, text = raw("GET", CONFIG_MAPS + "?labelSelector=form", accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    table = json.loads(text)
    assert (table["kind"], table["apiVersion"], [c["name"] for c in table["columnDefinitions"]]) == ("Table", "meta.k8s.io/v1", ["Name", "Data", "Age"])
    assert table["rows"][0]["cells"][:2] == ["formed", 1] and table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    part = json.loads(raw("GET", CONFIG_MAPS + "?labelSelector=form", accept="application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")[2])
    assert part["kind"] == "PartialObjectMetadataList" and "data" not in part["items"][0] and part["items"][0]["metadata"]["name"] == "formed"
    one = json.loads(raw("GET", CONFIG_MAPS + "/formed", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")[2])
    assert one["kind"] == "PartialObjectMetadata" and "data" not in one
    plain = json.loads(raw("GET", CONFIG_MAPS + "?labelSelector=form")[2])
    assert plain["kind"] == "ConfigMapList" and "kind" not in plain["items"][0]
    assert raw("GET", CONFIG_MAPS + "/formed?pretty=true")[2].startswith("{\n")
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
    _, headers, text = raw("GET", "/apis", accept=accept)
    assert raw("GET", "/apis", accept=accept, if_none_match=headers["Etag"])[0] == 304
    groups = json.loads(text)
    assert groups["kind"] == "APIGroupDiscoveryList" and GROUP in [group["metadata"]["name"] for group in groups["items"]]
