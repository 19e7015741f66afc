#include "objects/patch/apply.hpp"

#include <doctest/doctest.h>

#include "objects/patch/small_types_test.hpp"

using namespace slipway;
using namespace slipway::objects::patch;

namespace {

// One object's story: who says what, and what is left.
class Story {
 public:
  std::string applies(const std::string& manager, const std::string& said, bool force = false) {
    const auto config = document(said);
    auto result = apply(testing::small_type(), live_, config, writer(manager), force);
    if (!result) {
      error = result.error();
      return "error: " + error.message;
    }
    live_ = std::move(*result);
    live_.set_path("metadata.uid", "u");
    return data();
  }
  std::string updates(const std::string& manager, const std::string& said, const std::string& subresource = "") {
    auto after = document(said);
    after.set_path("metadata.uid", live_.is_null() ? doc::Value("") : doc::Value("u"));
    live_ = track_update(testing::small_type(), live_, std::move(after), writer(manager, subresource));
    live_.set_path("metadata.uid", "u");
    return data();
  }
  // "m1 Apply {...}" a line.
  std::string owners() const {
    std::string text;
    const auto& entries = live_["metadata"]["managedFields"];
    for (std::size_t i = 0; i < entries.size(); ++i) {
      text += entries[i]["manager"].as_string() + " " + entries[i]["operation"].as_string() +
              (entries[i]["subresource"].is_null() ? "" : "/" + entries[i]["subresource"].as_string()) + " " +
              doc::render_json(entries[i]["fieldsV1"]) + "\n";
    }
    return text;
  }
  const doc::Value& live() const { return live_; }
  Error error;

 private:
  Writer writer(const std::string& manager, const std::string& subresource = "") {
    now_ += std::chrono::seconds(1);
    return {manager, "v1", subresource, now_};
  }
  static doc::Value document(const std::string& said) {
    auto value = doc::parse_yaml(said, "test").value();
    value.as_object().set("apiVersion", "v1");
    value.as_object().set("kind", "Pod");
    value.at_or_insert("metadata").at_or_insert("name") = "x";
    return value;
  }
  std::string data() const {
    doc::Object rest;
    for (const auto* part : {"data", "spec", "status"}) {
      if (!live_[part].is_null()) rest.set(part, live_[part]);
    }
    return doc::render_json_canonical(rest);
  }
  doc::Value live_;
  core::Time now_ = *core::parse_rfc3339("2026-01-01T00:00:00Z");
};

}  // namespace

TEST_CASE("what an applier says no more goes away, unless somebody else owns it") {
  Story story;
  CHECK(story.applies("m1", "data: {a: '1', b: '2'}") == R"({"data":{"a":"1","b":"2"}})");
  CHECK(story.applies("m2", "data: {b: '2'}") == R"({"data":{"a":"1","b":"2"}})");
  CHECK(story.owners() ==
        "m2 Apply {\"f:data\":{\"f:b\":{}}}\n"
        "m1 Apply {\"f:data\":{\"f:a\":{},\"f:b\":{}}}\n");
  CHECK(story.applies("m1", "data: {}") == R"({"data":{"b":"2"}})");
  CHECK(story.applies("m2", "{}") == "{}");
  CHECK(story.owners() == "m1 Apply {\"f:data\":{}}\n");
}

TEST_CASE("another value of a field that somebody owns is a conflict, which force wins") {
  Story story;
  story.applies("m1", "data: {a: '1'}");
  CHECK(story.applies("m2", "data: {a: '2'}") == "error: Apply failed with 1 conflict: conflict with \"m1\": .data.a");
  CHECK(is_apply_conflict(story.error));
  REQUIRE(story.error.causes.size() == 1);
  CHECK(story.error.causes[0].message == "conflict with \"m1\"");
  CHECK(story.error.causes[0].object == ".data.a");
  CHECK(story.applies("m2", "data: {a: '2'}", true) == R"({"data":{"a":"2"}})");
  CHECK(story.owners() == "m2 Apply {\"f:data\":{\"f:a\":{}}}\n");
}

TEST_CASE("several conflicts are listed by manager, updaters with their version") {
  Story story;
  story.updates("kubectl-set", "data: {b: '1'}\nspec: {containers: [{name: a, image: one}]}");
  story.applies("m1", "data: {a: '1', c: '1'}");
  CHECK(story.applies("m2", "data: {a: '2', b: '2', c: '2'}\nspec: {containers: [{name: a, image: two}]}") ==
        "error: Apply failed with 4 conflicts: conflicts with \"kubectl-set\" using v1:\n"
        "- .data.b\n- .spec.containers[name=\"a\"].image\n"
        "conflicts with \"m1\":\n- .data.a\n- .data.c");
}

TEST_CASE("an update takes over what it changes and never conflicts") {
  Story story;
  story.applies("m1", "data: {a: '1', b: '2'}");
  CHECK(story.updates("editor", "data: {a: '3', b: '2'}") == R"({"data":{"a":"3","b":"2"}})");
  CHECK(story.owners() == "m1 Apply {\"f:data\":{\"f:b\":{}}}\neditor Update {\"f:data\":{\"f:a\":{}}}\n");
  CHECK(story.updates("editor", "data: {b: '2'}") == R"({"data":{"b":"2"}})");
  CHECK(story.owners() == "m1 Apply {\"f:data\":{\"f:b\":{}}}\n");
}

TEST_CASE("status is owned by its own entry") {
  Story story;
  story.updates("m", "data: {a: '1'}");
  story.updates("m", "data: {a: '1'}\nstatus: {phase: Running}", "status");
  CHECK(story.owners() ==
        "m Update {\"f:data\":{\".\":{},\"f:a\":{}}}\n"
        "m Update/status {\"f:status\":{\".\":{},\"f:phase\":{}}}\n");
}

TEST_CASE("an update may forget all owners, and the next apply knows what was there before") {
  for (const auto* reset : {"managedFields: []", "managedFields: [{}]"}) {
    Story story;
    story.applies("m1", "data: {a: '1'}");
    story.updates("m1", std::string("metadata: {") + reset + "}\ndata: {a: '1'}");
    CHECK(story.owners().empty());
    CHECK(story.updates("m2", "data: {a: '2'}") == R"({"data":{"a":"2"}})");
    CHECK(story.owners().empty());
    CHECK(story.applies("m3", "data: {a: '3'}") ==
          "error: Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a");
  }
}

TEST_CASE("the time of an entry is that of its last change") {
  Story story;
  story.applies("m1", "data: {a: '1'}");
  story.applies("m1", "data: {a: '1'}");
  CHECK(story.live()["metadata"]["managedFields"][0]["time"] == doc::Value("2026-01-01T00:00:01Z"));
  story.applies("m1", "data: {a: '2'}");
  CHECK(story.live()["metadata"]["managedFields"][0]["time"] == doc::Value("2026-01-01T00:00:03Z"));
}

TEST_CASE("elements of keyed lists are owned one by one and keep the applier's order") {
  Story story;
  story.applies("m1", "spec: {containers: [{name: a, image: '1'}, {name: b}]}");
  CHECK(story.applies("m2", "spec: {containers: [{name: c}, {name: b}]}") ==
        R"({"spec":{"containers":[{"image":"1","name":"a"},{"name":"c"},{"name":"b"}]}})");
  CHECK(story.applies("m1", "spec: {containers: [{name: b}]}") ==
        R"({"spec":{"containers":[{"name":"c"},{"name":"b"}]}})");
  CHECK(story.applies("m3", "spec: {containers: [{name: b}, {name: b}]}") ==
        "error: failed to create typed patch object (/x; /v1, Kind=Pod): "
        ".spec.containers: duplicate entries for key [name=\"b\"]");
}

TEST_CASE("a configuration that is not of the kind is refused") {
  Story story;
  CHECK(story.applies("m1", "spec: {replicas: many}") ==
        "error: failed to create typed patch object (/x; /v1, Kind=Pod): "
        ".spec.replicas: expected numeric (int or float), got string");
  CHECK(story.applies("m1", "spec: {unheard: 1}") ==
        "error: failed to create typed patch object (/x; /v1, Kind=Pod): .spec.unheard: field not declared in schema");
  CHECK(story.applies("m1", "metadata: {managedFields: []}") == "error: metadata.managedFields must be nil");
}

// kubectl apply --server-side on what kubectl apply made: take over what the annotation says, move the old entry to the
// new manager, and keep the annotation.
TEST_CASE("kubectl's server-side apply takes over from its client-side apply") {
  constexpr auto kAnnotated =
      "metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: "
      "'{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"data\":{\"a\":\"1\"}}'}}\n";
  Story story;
  story.updates("kubectl-client-side-apply", std::string(kAnnotated) + "data: {a: '1', b: '1'}");
  CHECK(story.applies("kubectl", "data: {a: '2'}") == R"({"data":{"a":"2","b":"1"}})");
  CHECK(story.live()["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] ==
        doc::Value("{\"apiVersion\":\"v1\",\"data\":{\"a\":\"2\"},\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"}}\n"));
  // b is not in the annotation: nobody promised that it may be taken.
  CHECK(story.applies("kubectl", "data: {a: '2', b: '2'}") ==
        "error: Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .data.b");
}

// The JSON patch that kubectl sends between its two applies.
TEST_CASE("a write may replace managedFields by a readable list, which then counts") {
  Story story;
  story.updates("kubectl-client-side-apply", "data: {a: '1', b: '1'}");
  story.updates("kubectl",
                "metadata: {managedFields: [{manager: kubectl, operation: Apply, apiVersion: v1, fieldsType: FieldsV1,"
                " time: '2026-01-01T00:00:01Z', fieldsV1: {'f:data': {'f:a': {}, 'f:b': {}}}}]}\n"
                "data: {a: '1', b: '1'}");
  CHECK(story.owners() == "kubectl Apply {\"f:data\":{\"f:a\":{},\"f:b\":{}}}\n");
  CHECK(story.applies("kubectl", "data: {a: '1'}") == R"({"data":{"a":"1"}})");
}

TEST_CASE("what an endpoint does not let a writer change, the writer does not own") {
  const auto& type = testing::small_type();
  const auto said = doc::parse_json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"data":{"a":"1"},
                                        "status":{"phase":"Running"}})")
                        .value();
  const Writer writer{"m", "v1", "", {}};
  const auto applied = apply(type, doc::Value(), said, writer, false, reset_fields_of(true, "")).value();
  CHECK(doc::render_json(applied["metadata"]["managedFields"][0]["fieldsV1"]) == R"({"f:data":{"f:a":{}}})");
  const auto updated = track_update(type, doc::Value(), said, writer, reset_fields_of(true, ""));
  CHECK(doc::render_json(updated["metadata"]["managedFields"][0]["fieldsV1"]) == R"({"f:data":{".":{},"f:a":{}}})");
}

TEST_CASE("beyond ten updaters the oldest become one") {
  Story story;
  for (int i = 0; i < 12; ++i) story.updates("m" + std::to_string(i), "data: {k" + std::to_string(i) + ": '1'}");
  std::string all;
  for (int i = 0; i < 24; ++i) {
    all += (i == 0 ? "data: {k" : ", k") + std::to_string(i) + ": '1'";
    story.updates("n" + std::to_string(i), all + "}");
  }
  const auto& entries = story.live()["metadata"]["managedFields"];
  CHECK(entries.size() == kMostUpdaters);
  CHECK(entries[0]["manager"] == doc::Value("ancient-changes"));
}
