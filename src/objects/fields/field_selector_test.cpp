#include "objects/fields/field_selector.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "objects/fields/selectable.hpp"
#include "objects/schema/builtin.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::fields;

namespace {

schema::Resource widgets() {
  schema::Resource resource;
  resource.group = "example.com";
  resource.version = "v1";
  resource.kind = "Widget";
  resource.plural = "widgets";
  auto custom = std::make_shared<schema::Custom>();
  custom->selectable_fields = {".spec.color", ".spec.size", ".spec.on"};
  resource.custom = custom;
  return resource;
}

FieldSet fields_of(const schema::Resource& resource, std::string_view yaml) {
  const auto fields = selectable_fields(resource, Object(*doc::parse_yaml(yaml, "object.yaml")));
  REQUIRE(fields.has_value());
  return *fields;
}

const schema::Resource& builtin_kind(std::string_view group, std::string_view kind) {
  const auto* resource = schema::builtin().find(group, "v1", kind);
  REQUIRE(resource != nullptr);
  return *resource;
}

}  // namespace

TEST_CASE("selectors and labels are read as Kubernetes' own code reads them") {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/src/objects/fields/testdata/server.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto rows = doc::parse_json(text);
  REQUIRE(rows.has_value());
  CHECK(rows->size() > 100);
  for (const doc::Value& row : rows->as_array()) {
    if (const doc::Value& selector = row["selector"]; !selector.is_null()) {
      CAPTURE(selector.as_string());
      const auto parsed = FieldSelector::parse(selector.as_string());
      CHECK((parsed ? "" : parsed.error().message) == row["error"].string_or(""));
      if (parsed) CHECK(parsed->text() == row["out"].string_or(""));
      continue;
    }
    const std::string kind = row["kind"].as_string();
    CAPTURE(kind);
    const std::string label = row["label"].as_string();
    CAPTURE(label);
    const auto space = kind.find(' ');
    const auto slash = kind.find('/');
    const std::string group = slash == std::string::npos ? "" : kind.substr(0, slash);
    const std::string version = slash == std::string::npos ? "v1" : kind.substr(slash + 1, space - slash - 1);
    const auto* resource = schema::builtin().find(group, version, kind.substr(space + 1));
    REQUIRE(resource != nullptr);
    const auto selector = selector_for(*resource, label + "=x");
    CHECK((selector ? "" : selector.error().message) == row["error"].string_or(""));
    if (selector) CHECK(selector->requirements()[0].field == row["out"].as_string());
  }
}

TEST_CASE("a list of one name is a lookup") {
  CHECK(FieldSelector::parse("metadata.name=web")->required_name() == "web");
  CHECK(FieldSelector::parse("status.phase!=x,metadata.name==web")->required_name() == "web");
  CHECK_FALSE(FieldSelector::parse("metadata.name!=web")->required_name().has_value());
  CHECK_FALSE(FieldSelector::parse("")->required_name().has_value());
  CHECK(FieldSelector::parse("")->empty());
}

TEST_CASE("a selector matches when every requirement holds; what is missing is empty") {
  const FieldSet fields = {{"a", "1"}, {"b", ""}};
  struct Row {
    std::string_view selector;
    bool matches;
  };
  const Row rows[] = {{"", true},           {"a=1", true},       {"a=2", false},     {"a!=1", false},
                      {"a!=2", true},       {"a=1,b=", true},    {"a=1,b!=", false}, {"missing=", true},
                      {"missing=x", false}, {"missing!=x", true}};
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    CHECK(FieldSelector::parse(row.selector)->matches(fields) == row.matches);
  }
}

TEST_CASE("a pod is selected by node, phase, address and more") {
  const FieldSet fields = fields_of(builtin_kind("", "Pod"), R"(
metadata: {name: web, namespace: prod}
spec: {nodeName: n1, restartPolicy: Always, schedulerName: default-scheduler, hostNetwork: true}
status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
)");
  const FieldSet expected = {{"metadata.name", "web"},
                             {"metadata.namespace", "prod"},
                             {"spec.nodeName", "n1"},
                             {"spec.restartPolicy", "Always"},
                             {"spec.schedulerName", "default-scheduler"},
                             {"spec.serviceAccountName", ""},
                             {"spec.hostNetwork", "true"},
                             {"status.phase", "Running"},
                             {"status.podIP", "10.0.0.1"},
                             {"status.nominatedNodeName", ""}};
  CHECK(fields == expected);
  CHECK(selector_for(builtin_kind("", "Pod"), "spec.host=n1")->matches(fields));
}

TEST_CASE("an event is selected alike in both groups") {
  const FieldSet core = fields_of(builtin_kind("", "Event"), R"(
metadata: {name: e, namespace: prod}
involvedObject: {kind: Pod, name: web, namespace: prod, uid: u1, apiVersion: v1, fieldPath: "spec.containers{c}"}
reason: Started
source: {component: kubelet}
type: Normal
)");
  const FieldSet events = fields_of(builtin_kind("events.k8s.io", "Event"), R"(
metadata: {name: e, namespace: prod}
regarding: {kind: Pod, name: web, namespace: prod, uid: u1, apiVersion: v1, fieldPath: "spec.containers{c}"}
reason: Started
deprecatedSource: {component: kubelet}
type: Normal
)");
  CHECK(core == events);
  CHECK(core.at("source") == "kubelet");
  CHECK(selector_for(builtin_kind("events.k8s.io", "Event"), "regarding.name=web,type=Normal")->matches(core));
  const FieldSet modern = fields_of(builtin_kind("", "Event"), "{reportingComponent: scheduler}");
  CHECK(modern.at("source") == "scheduler");
}

TEST_CASE("jobs, nodes, namespaces, secrets and services have fields of their own") {
  CHECK(fields_of(builtin_kind("batch", "Job"), "{status: {succeeded: 3}}").at("status.successful") == "3");
  CHECK(fields_of(builtin_kind("batch", "Job"), "{}").at("status.successful") == "0");
  const FieldSet node = fields_of(builtin_kind("", "Node"), "{metadata: {name: n1}}");
  CHECK(node == FieldSet{{"metadata.name", "n1"}, {"spec.unschedulable", "false"}});
  CHECK(fields_of(builtin_kind("", "Namespace"), "{status: {phase: Active}}").at("status.phase") == "Active");
  CHECK(fields_of(builtin_kind("", "Secret"), "{type: Opaque}").at("type") == "Opaque");
  CHECK(fields_of(builtin_kind("", "Service"), "{spec: {clusterIP: None}}").at("spec.clusterIP") == "None");
}

TEST_CASE("a custom resource is selected by the fields that its definition names") {
  const auto resource = widgets();
  const FieldSet fields = fields_of(resource, "{metadata: {name: w}, spec: {color: blue, size: 3, on: true}}");
  CHECK(fields.at("spec.color") == "blue");
  CHECK(fields.at("spec.size") == "3");
  CHECK(fields.at("spec.on") == "true");
  CHECK(fields_of(resource, "{metadata: {name: w}}").at("spec.color").empty());
  CHECK(selector_for(resource, "spec.color=blue,spec.size!=4")->matches(fields));
  CHECK(selector_for(resource, "spec.foo=x").error().message == "field label not supported: spec.foo");
  CHECK(selector_for(resource, "metadata.namespace=x").has_value());
}
