#include "objects/table/table.hpp"

#include <doctest/doctest.h>

#include "objects/schema/builtin.hpp"
#include "objects/table/age.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::table;

namespace {

const Time now = *core::parse_rfc3339("2026-11-23T10:00:00Z");

Object object(std::string_view yaml) { return Object(*doc::parse_yaml(yaml, "object.yaml")); }

Table shown(std::string_view group, std::string_view version, std::string_view kind,
            const std::vector<Object>& objects) {
  const auto* resource = schema::builtin().find(group, version, kind);
  REQUIRE(resource != nullptr);
  return table_of(*resource, objects, now);
}

std::string cells(const Table& table) {
  std::string out;
  for (const Row& row : table.rows) out += doc::render_json(row.cells) + "\n";
  return out;
}

std::string headers(const Table& table) {
  std::string out;
  for (const Column& column : table.columns) out += (out.empty() ? "" : ", ") + column.name;
  return out;
}

}  // namespace

TEST_CASE("an age has two or three digits, and none below zero") {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  struct Case {
    Duration given;
    std::string_view text;
  };
  const Case cases[] = {
      {milliseconds(-2000), "<invalid>"},
      {milliseconds(-1999), "0s"},
      {milliseconds(-1), "0s"},
      {milliseconds(999), "0s"},
      {seconds(90), "90s"},
      {seconds(310), "5m10s"},
      {hours(3), "3h"},
      {hours(5 * 24 + 3), "5d3h"},
      {hours((2 * 365 + 17) * 24), "2y17d"},
      {hours(200 * 365 * 24), "200y"},
  };
  for (const Case& row : cases) CHECK(human_duration(row.given) == row.text);
  CHECK(age("2026-11-23T09:58:30Z", now) == "90s");
  CHECK(age({}, now) == "<unknown>");
  CHECK(age("yesterday", now) == "<unknown>");
}

TEST_CASE("an APIService is shown with its service and whether it can be reached") {
  const Table table =
      shown("apiregistration.k8s.io", "v1", "APIService",
            {object(R"(
metadata: {name: v1.apps, creationTimestamp: "2026-11-23T09:00:00Z"}
status: {conditions: [{type: Available, status: "True", reason: Local}]}
)"),
             object(R"(
metadata: {name: v1beta1.metrics.k8s.io, creationTimestamp: "2026-11-23T09:00:00Z"}
spec: {service: {namespace: kube-system, name: metrics-server}}
status: {conditions: [{type: Available, status: "False", reason: MissingEndpoints}]}
)"),
             object("metadata: {name: v1.new}"),
             object("{metadata: {name: v1.odd}, status: {conditions: [{type: Available, status: \"False\"}]}}")});
  CHECK(headers(table) == "Name, Service, Available, Age");
  CHECK(cells(table) == R"x(["v1.apps","Local","True","60m"]
["v1beta1.metrics.k8s.io","kube-system/metrics-server","False (MissingEndpoints)","60m"]
["v1.new","Local","Unknown","<unknown>"]
["v1.odd","Local","False","<unknown>"]
)x");
}

TEST_CASE("a kind without a printer is shown by name and time of creation") {
  const Table table = shown("apiextensions.k8s.io", "v1", "CustomResourceDefinition",
                            {object("metadata: {name: w.x.io, creationTimestamp: \"2026-11-23T09:00:00Z\"}")});
  CHECK(headers(table) == "Name, Created At");
  CHECK(table.columns[1].type == "date");
  CHECK(cells(table) == "[\"w.x.io\",\"2026-11-23T09:00:00Z\"]\n");
}

TEST_CASE("metrics are shown with what is used, a pod's added up") {
  const Table nodes = shown("metrics.k8s.io", "v1beta1", "NodeMetrics", {object(R"(
metadata: {name: n1}
window: 20.5s
usage: {cpu: 123456789n, memory: 1024Ki}
)")});
  CHECK(headers(nodes) == "Name, cpu, memory, Window");
  CHECK(cells(nodes) == "[\"n1\",\"123456789n\",\"1024Ki\",\"20.5s\"]\n");
  const Table pods = shown("metrics.k8s.io", "v1beta1", "PodMetrics",
                           {object(R"(
metadata: {name: web}
window: 15s
containers:
- {name: a, usage: {cpu: 1500000n, memory: 512Ki}}
- {name: b, usage: {cpu: 500000n, memory: 1536Ki}}
)"),
                            object(R"(
metadata: {name: db}
window: 15s
containers:
- {name: a, usage: {cpu: 250m, memory: 1Gi}}
- {name: b, usage: {cpu: "1", memory: "0"}}
)")});
  CHECK(cells(pods) == "[\"web\",\"2m\",\"2Mi\",\"15s\"]\n[\"db\",\"1250m\",\"1Gi\",\"15s\"]\n");
  CHECK(headers(shown("metrics.k8s.io", "v1beta1", "PodMetrics", {})) == "Name, cpu, memory, Window");
}

TEST_CASE("a custom resource without columns has an age; a column that is no path is empty") {
  auto custom = std::make_shared<schema::Custom>();
  schema::Resource resource;
  resource.kind = "Widget";
  resource.custom = custom;
  const std::vector<Object> objects = {
      object("{metadata: {name: w, creationTimestamp: \"2026-11-23T09:59:00Z\"}, spec: {a: 1}}")};
  CHECK(headers(table_of(resource, objects, now)) == "Name, Age");
  CHECK(cells(table_of(resource, objects, now)) == "[\"w\",\"60s\"]\n");
  custom->columns = {{"A", "integer", "", "", 0, ".spec.a"}, {"B", "string", "", "what B is", 1, ".spec["}};
  const Table table = table_of(resource, objects, now);
  CHECK(cells(table) == "[\"w\",1,null]\n");
  CHECK(table.columns[1].description == "Custom resource definition column (in JSONPath format): .spec.a");
  CHECK(table.columns[2].description == "what B is");
  CHECK(table.columns[2].priority == 1);
}

TEST_CASE("a table goes over the wire with headers, cells and as much of the objects as was asked for") {
  const std::vector<Object> objects = {object(R"(
apiVersion: v1
kind: Namespace
metadata: {name: prod, uid: u1, creationTimestamp: "2026-11-23T09:59:00Z"}
status: {phase: Active}
)")};
  const Table table = shown("", "v1", "Namespace", objects);
  WireOptions options;
  options.resource_version = "42";
  options.continue_token = "more";
  options.remaining = 7;
  options.headers = false;
  CHECK(doc::render_json(render_table(table, objects, options)) ==
        R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"42","continue":"more",)"
        R"("remainingItemCount":7},"columnDefinitions":null,"rows":[{"cells":["prod","Active","60s"],"object":)"
        R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"prod","uid":"u1",)"
        R"("creationTimestamp":"2026-11-23T09:59:00Z"}}}]})");
  options = {};
  options.include = IncludeObject::none;
  options.version = "v1beta1";
  const doc::Value bare = render_table(table, objects, options);
  CHECK(bare["apiVersion"].as_string() == "meta.k8s.io/v1beta1");
  CHECK(bare["metadata"].size() == 0);
  CHECK(bare["rows"][0]["object"].is_null());
  CHECK(bare["columnDefinitions"].size() == 3);
  CHECK(
      doc::render_json(bare["columnDefinitions"][0]) ==
      R"({"name":"Name","type":"string","format":"name","description":"The object's name; no two of a kind share it in )"
      R"(a namespace.","priority":0})");
  options.include = IncludeObject::object;
  CHECK(render_table(table, objects, options)["rows"][0]["object"] == objects[0].document());
}

TEST_CASE("includeObject has four spellings") {
  CHECK(parse_include_object("") == IncludeObject::metadata);
  CHECK(parse_include_object("Metadata") == IncludeObject::metadata);
  CHECK(parse_include_object("None") == IncludeObject::none);
  CHECK(parse_include_object("Object") == IncludeObject::object);
  CHECK(
      parse_include_object("none").error().message ==
      "Unable to convert to Table as requested: includeObject: Invalid value: \"none\": must be 'Metadata', 'Object', "
      "'None', or empty");
}

TEST_CASE("an object that is not as it should be leaves cells empty and nothing broken") {
  for (const schema::Resource& resource : schema::builtin().resources()) {
    for (const char* text : {"{}", "[]", "3", "{metadata: 3, spec: [], status: text}",
                             "{spec: {containers: {}, metrics: [3, {type: Resource}], ports: 3, rules: [[]]}}",
                             "{status: {conditions: [3], containerStatuses: [[]], initContainerStatuses: [{}]}}"}) {
      const std::vector<Object> objects = {object(text)};
      const Table table = table_of(resource, objects, now);
      CHECK_MESSAGE(table.rows[0].cells.size() == table.columns.size(), resource.kind);
    }
  }
}
