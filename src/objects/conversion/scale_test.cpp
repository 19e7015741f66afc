#include "objects/conversion/scale.hpp"

#include <doctest/doctest.h>

#include "objects/schema/builtin.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::conversion;

namespace {

const schema::Resource& kind(std::string_view name) {
  const auto* resource = schema::builtin().find("apps", "v1", name);
  REQUIRE(resource != nullptr);
  return *resource;
}

schema::Resource widgets(std::string_view selector = ".status.selector") {
  auto custom = std::make_shared<schema::Custom>();
  custom->scale = schema::ScalePaths{".spec.size.wanted", ".status.size", std::string(selector)};
  schema::Resource resource;
  resource.group = "x.io";
  resource.version = "v1";
  resource.kind = "Widget";
  resource.plural = "widgets";
  resource.custom = custom;
  return resource;
}

doc::Value yaml(std::string_view text) { return *doc::parse_yaml(text, "object.yaml"); }

std::string scaled(std::string_view object, const schema::Resource& resource) {
  const auto scale = scale_of(yaml(object), resource);
  return scale ? doc::render_json(*scale) : scale.error().message;
}

std::string changed(std::string_view object, std::string_view scale, const schema::Resource& resource) {
  const auto out = with_scale(yaml(object), yaml(scale), resource);
  return out ? doc::render_json(*out) : out.error().message;
}

}  // namespace

TEST_CASE("the scale of a deployment has its replicas and its selector as a text") {
  const char* deployment = R"(
metadata: {name: web, namespace: prod, uid: u1, resourceVersion: "7", creationTimestamp: "2026-01-02T03:04:05Z"}
spec: {replicas: 3, selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [b, a]}]}}
status: {replicas: 2}
)";
  const char* expected =
      R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web","namespace":"prod","uid":"u1",)"
      R"("resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"replicas":3},)"
      R"x("status":{"replicas":2,"selector":"app=web,tier in (a,b)"}})x";
  CHECK(scaled(deployment, kind("Deployment")) == expected);
  CHECK(scaled(deployment, kind("ReplicaSet")) == expected);
  CHECK(scaled(deployment, kind("StatefulSet")) == expected);
  CHECK(scaled(deployment, kind("DaemonSet")) == "DaemonSet has no scale");
}

TEST_CASE("no replicas are not written") {
  CHECK(
      scaled("{metadata: {name: web}, spec: {replicas: 0}}", kind("Deployment")) ==
      R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web"},"spec":{},"status":{"replicas":0}})");
}

TEST_CASE("a scale's replicas and resourceVersion go into the object") {
  const char* object = "{metadata: {name: web, uid: u1, resourceVersion: '7'}, spec: {replicas: 3}}";
  const auto& deployment = kind("Deployment");
  CHECK(changed(object, "{metadata: {resourceVersion: '6', uid: u1}, spec: {replicas: 5}}", deployment) ==
        R"({"metadata":{"name":"web","uid":"u1","resourceVersion":"6"},"spec":{"replicas":5}})");
  CHECK(changed(object, "{spec: {}}", deployment) == R"({"metadata":{"name":"web","uid":"u1"},"spec":{"replicas":0}})");
  CHECK(changed(object, "{spec: {replicas: -1}}", deployment) ==
        "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0");
  CHECK(
      changed(object, "{metadata: {uid: u2}}", deployment) ==
      "Operation cannot be fulfilled on deployments/scale.apps \"web\": Precondition failed: UID in precondition: u2, "
      "UID in object meta: u1");
}

TEST_CASE("a custom resource is scaled where its definition says") {
  const auto resource = widgets();
  CHECK(scaled("{metadata: {name: w}, spec: {size: {wanted: 4}}, status: {size: 3, selector: a=b}}", resource) ==
        R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"w"},"spec":{"replicas":4},)"
        R"("status":{"replicas":3,"selector":"a=b"}})");
  CHECK(scaled("{metadata: {name: w}, spec: {size: {wanted: 4}}}", widgets("")) ==
        R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"w"},"spec":{"replicas":4},)"
        R"("status":{"replicas":0}})");
  CHECK(scaled("{metadata: {name: w}}", resource) ==
        "Internal error occurred: the spec replicas field \".spec.size.wanted\" does not exist");
  CHECK(scaled("{spec: {size: {wanted: many}}}", resource) ==
        ".spec.size.wanted accessor error: many is of the type string, expected int64");
  CHECK(changed("{metadata: {name: w, resourceVersion: '7'}}", "{spec: {replicas: 2}}", resource) ==
        R"({"metadata":{"name":"w","resourceVersion":"7"},"spec":{"size":{"wanted":2}}})");
  CHECK(changed("{metadata: {name: w}, spec: {size: 3}}", "{spec: {replicas: 2}}", resource) ==
        "value cannot be set because .spec.size.wanted is not a map[string]interface{}");
}
