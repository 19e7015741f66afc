#include "objects/openapi/openapi.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "objects/discovery/custom_test.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::openapi;
using discovery::Answer;

namespace {

doc::Value read(OpenApi& api, std::string_view path) {
  CAPTURE(path);
  const auto answer = api.get(path, "", "application/json", "");
  REQUIRE(answer.has_value());
  REQUIRE(answer->status == 200);
  return doc::parse_json(answer->document->body).value();
}

std::string header(const Answer& answer, std::string_view name) {
  const auto at = std::ranges::find(answer.headers, name, &std::pair<std::string, std::string>::first);
  return at == answer.headers.end() ? "" : at->second;
}

void collect_references(const doc::Value& value, std::set<std::string>& out) {
  if (value.is_array()) {
    for (const doc::Value& element : value.as_array()) collect_references(element, out);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.as_object()) {
    if (key == "$ref" && member.is_string()) out.insert(member.as_string());
    collect_references(member, out);
  }
}

// Every reference leads somewhere, and everything that is there is led to.
void check_references(const doc::Value& document, const doc::Value& schemas, std::string_view prefix) {
  std::set<std::string> references;
  collect_references(document, references);
  std::set<std::string> there;
  for (const auto& [name, schema] : schemas.as_object()) there.insert(std::string(prefix) + name);
  CHECK(references == there);
}

bool has_parameter(const doc::Value& operation, std::string_view name) {
  if (!operation["parameters"].is_array()) return false;
  return std::ranges::any_of(operation["parameters"].as_array(),
                             [&](const doc::Value& one) { return one["name"].as_string() == name; });
}

const doc::Value& schema_named(const doc::Value& document, std::string_view name) {
  return document["components"]["schemas"][name];
}

std::string name_of(const schema::Resource& resource) {
  return (resource.group.empty() ? "api/" : "apis/") + resource.api_version();
}

std::string path_of(const schema::Resource& resource) {
  return "/" + name_of(resource) + "/" + (resource.namespaced ? "namespaces/{namespace}/" : "") + resource.plural;
}

doc::Value oven_schema() {
  return doc::parse_json(R"({"type":"object","required":["spec"],"properties":{
      "spec":{"type":"object","properties":{
        "heat":{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true},
        "door":{"type":"string","nullable":true,"default":"left"},
        "template":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
        "trays":{"type":"array","items":{"type":"object","properties":{"size":{"type":"integer"}}},
                 "x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["size"]}}},
      "status":{"type":"object","properties":{"warm":{"type":"boolean"}}}}})")
      .value();
}

}  // namespace

TEST_CASE("every reference of every document leads somewhere, and nothing is in it for nothing") {
  const Catalog catalog;
  OpenApi api(catalog);
  const auto index = read(api, "/openapi/v3");
  CHECK(index["paths"].size() == 22);
  for (const auto& [name, entry] : index["paths"].as_object()) {
    CAPTURE(name);
    const auto document = read(api, "/openapi/v3/" + name);
    check_references(document, document["components"]["schemas"], "#/components/schemas/");
  }
}

TEST_CASE("kubectl finds that every kind's patch checks fields, and what forms a patch may have") {
  const Catalog catalog;
  OpenApi api(catalog);
  for (const ResourcePtr& resource : catalog.resources()) {
    const std::string path = path_of(*resource);
    CAPTURE(path);
    const auto document = read(api, "/openapi/v3/" + name_of(*resource));
    const bool keeps = std::ranges::find(resource->verbs, "patch") != resource->verbs.end();
    std::size_t patches = 0;
    for (const auto& [at, item] : document["paths"].as_object()) {
      const doc::Value& patch = item["patch"];
      if (!patch.is_object() || patch["x-kubernetes-group-version-kind"]["kind"].as_string() != resource->kind)
        continue;
      ++patches;
      CHECK(has_parameter(patch, "fieldValidation"));
      CHECK(has_parameter(patch, "force"));
      CHECK(patch["requestBody"]["content"].as_object().contains("application/strategic-merge-patch+json"));
    }
    CHECK((patches > 0) == keeps);
    if (!keeps) continue;
    const doc::Value& get = document["paths"][path + "/{name}"]["get"];
    CHECK(get["x-kubernetes-action"].as_string() == "get");
    CHECK(get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_string() ==
          "#/components/schemas/" + resource->type->name);
    CHECK(schema_named(document, resource->type->name)["x-kubernetes-group-version-kind"][std::size_t{0}]["kind"]
              .as_string() == resource->kind);
  }
}

TEST_CASE("no two operations have one name") {
  const Catalog catalog;
  OpenApi api(catalog);
  std::set<std::string> names;
  std::size_t count = 0;
  const auto index = read(api, "/openapi/v3");
  for (const auto& [name, entry] : index["paths"].as_object()) {
    const auto document = read(api, "/openapi/v3/" + name);
    for (const auto& [path, item] : document["paths"].as_object()) {
      for (const auto& [method, operation] : item.as_object()) {
        if (method == "parameters") continue;
        names.insert(operation["operationId"].as_string());
        ++count;
      }
    }
  }
  CHECK(names.size() == count);
  for (const char* known : {"listCoreV1NamespacedPod", "listCoreV1PodForAllNamespaces", "readCoreV1NamespacedPodLog",
                            "deleteCoreV1CollectionNamespacedPod", "replaceAppsV1NamespacedDeploymentScale",
                            "connectCoreV1GetNamespacedPodExec", "createRbacAuthorizationV1ClusterRole",
                            "createCoreV1NamespacedPodEviction", "replaceCoreV1NamespaceFinalize",
                            "connectCoreV1PutNamespacedServiceProxyWithPath"}) {
    CAPTURE(known);
    CHECK(names.contains(known));
  }
}

TEST_CASE("fields have their types, rules and defaults") {
  const Catalog catalog;
  OpenApi api(catalog);
  const auto document = read(api, "/openapi/v3/api/v1");
  struct Row {
    const char* type;
    const char* field;
    const char* schema;
  };
  const Row rows[] = {
      {"PodSpec", "volumes",
       R"({"type":"array","items":{"$ref":"#/components/schemas/io.k8s.api.core.v1.Volume"},)"
       R"("x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],)"
       R"("x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge,retainKeys"})"},
      {"PodSpec", "nodeSelector",
       R"({"type":"object","additionalProperties":{"type":"string"},"x-kubernetes-map-type":"atomic"})"},
      {"PodSpec", "terminationGracePeriodSeconds", R"({"type":"integer","format":"int64"})"},
      {"Container", "resources",
       R"({"allOf":[{"$ref":"#/components/schemas/io.k8s.api.core.v1.ResourceRequirements"}]})"},
      {"ContainerPort", "protocol", R"({"type":"string","default":"TCP"})"},
      {"ServicePort", "targetPort",
       R"({"allOf":[{"$ref":"#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString"}]})"},
      {"ConfigMap", "binaryData", R"({"type":"object","additionalProperties":{"type":"string","format":"byte"}})"},
      {"Node", "metadata",
       R"({"allOf":[{"$ref":"#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    doc::Value field = schema_named(document, std::string("io.k8s.api.core.v1.") + row.type)["properties"][row.field];
    if (field.is_object()) {
      CHECK(!field["description"].string_or("").empty());
      field.as_object().erase("description");
    }
    CHECK(field == doc::parse_json(row.schema).value());
  }
  CHECK(doc::render_json(schema_named(document, "io.k8s.api.core.v1.PodSpec")["required"]) == R"(["containers"])");
  CHECK(schema_named(document, "io.k8s.api.core.v1.ObjectReference")["x-kubernetes-map-type"].as_string() == "atomic");
  CHECK(schema_named(document, "io.k8s.apimachinery.pkg.util.intstr.IntOrString")["format"].as_string() ==
        "int-or-string");
  CHECK(schema_named(document, "io.k8s.api.core.v1.PodList")["required"][std::size_t{0}].as_string() == "items");
}

TEST_CASE("an address with the right hash is good for ever, one with an old hash leads to it") {
  Catalog catalog;
  OpenApi api(catalog);
  const auto index = read(api, "/openapi/v3");
  const std::string url = index["paths"]["apis/apps/v1"]["serverRelativeURL"].as_string();
  const std::string prefix = "/openapi/v3/apis/apps/v1?hash=";
  REQUIRE(url.starts_with(prefix));
  const std::string hash = url.substr(prefix.size());
  const auto right = api.get("/openapi/v3/apis/apps/v1", hash, "application/json", "");
  CHECK(right->status == 200);
  CHECK(header(*right, "ETag") == '"' + hash + '"');
  CHECK(header(*right, "Cache-Control").find("immutable") != std::string::npos);
  const auto old = api.get("/openapi/v3/apis/apps/v1", "old", "application/json", "");
  CHECK(old->status == 301);
  CHECK(header(*old, "Location") == url);
  CHECK(api.get("/openapi/v3/apis/apps/v1", hash, "", '"' + hash + '"')->status == 304);
  CHECK(api.get("/openapi/v3/apis/apps/v7", "", "", "")->status == 404);
  CHECK(api.get("/openapi/v3", "", "text/html", "")->status == 406);
  CHECK_FALSE(api.get("/openapi", "", "", "").has_value());

  // A change of something else keeps the document.
  catalog.put("ovens.bakery.example.com", discovery::ovens({"v1"}));
  CHECK(api.get("/openapi/v3/apis/apps/v1", hash, "", "")->document == right->document);
  CHECK(read(api, "/openapi/v3")["paths"].as_object().contains("apis/bakery.example.com/v1"));
}

TEST_CASE("a custom kind is published with its own fields and those of every object") {
  Catalog catalog;
  catalog.put("ovens.bakery.example.com", {discovery::oven("v1", oven_schema()), discovery::oven("v1alpha1")});
  OpenApi api(catalog);
  const auto document = read(api, "/openapi/v3/apis/bakery.example.com/v1");
  check_references(document, document["components"]["schemas"], "#/components/schemas/");
  const doc::Value& oven = schema_named(document, "com.example.bakery.v1.Oven");
  CHECK(oven["properties"]["metadata"]["allOf"][std::size_t{0}]["$ref"].as_string() ==
        "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  CHECK(oven["required"][std::size_t{0}].as_string() == "spec");
  CHECK(oven["properties"]["spec"]["properties"]["door"]["default"].as_string() == "left");
  CHECK(oven["properties"]["spec"]["properties"]["template"]["properties"]["kind"]["type"].as_string() == "string");
  CHECK(doc::render_json(oven["x-kubernetes-group-version-kind"]) ==
        R"([{"group":"bakery.example.com","version":"v1","kind":"Oven"}])");
  CHECK(schema_named(document, "com.example.bakery.v1.OvenList")["properties"]["items"]["items"]["$ref"].as_string() ==
        "#/components/schemas/com.example.bakery.v1.Oven");

  const std::string path = "/apis/bakery.example.com/v1/namespaces/{namespace}/ovens";
  const doc::Value& patch = document["paths"][path + "/{name}"]["patch"];
  CHECK(has_parameter(patch, "fieldValidation"));
  CHECK_FALSE(patch["requestBody"]["content"].as_object().contains("application/strategic-merge-patch+json"));
  CHECK(document["paths"][path]["post"]["operationId"].as_string() == "createBakeryExampleComV1NamespacedOven");
  CHECK(document["paths"][path + "/{name}/status"]["put"].is_object());
  CHECK(document["paths"][path + "/{name}/scale"]["get"]["x-kubernetes-group-version-kind"]["kind"].as_string() ==
        "Scale");

  const auto other = read(api, "/openapi/v3/apis/bakery.example.com/v1alpha1");
  CHECK(schema_named(other, "com.example.bakery.v1alpha1.Oven")["x-kubernetes-preserve-unknown-fields"].as_bool());
}

TEST_CASE("Swagger tells the same of everything at once, as far as it can") {
  Catalog catalog;
  catalog.put("ovens.bakery.example.com", {discovery::oven("v1", oven_schema())});
  OpenApi api(catalog);
  const auto document = read(api, "/openapi/v2");
  CHECK(document["swagger"].as_string() == "2.0");
  check_references(document, document["definitions"], "#/definitions/");
  const doc::Value& spec = document["definitions"]["com.example.bakery.v1.Oven"]["properties"]["spec"]["properties"];
  CHECK(spec["heat"]["type"].is_null());
  CHECK(spec["heat"]["anyOf"].is_null());
  CHECK(spec["door"]["type"].is_null());
  CHECK(document["definitions"]["io.k8s.apimachinery.pkg.api.resource.Quantity"]["type"].as_string() == "string");
  const doc::Value& patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
  CHECK(has_parameter(patch, "fieldValidation"));
  CHECK(has_parameter(patch, "body"));
  CHECK(patch["consumes"].size() == 4);
  CHECK(patch["responses"]["200"]["schema"]["$ref"].as_string() == "#/definitions/io.k8s.api.apps.v1.Deployment");

  const auto wire = api.get("/openapi/v2", "", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", "");
  CHECK(wire->content_type == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  CHECK(
      wire->document->body.starts_with("\x0a\x03"
                                       "2.0"));
  CHECK(api.get("/openapi/v2", "", "text/html", "")->status == 406);
}

TEST_CASE("a whole document, as it is sent") {
  const Catalog catalog;
  OpenApi api(catalog);
  const std::string path = SLIPWAY_SOURCE_DIR "/src/objects/openapi/testdata/scheduling.v1.json";
  const std::string actual = doc::render_json_pretty(read(api, "/openapi/v3/apis/scheduling.k8s.io/v1")) + "\n";
  // SLIPWAY_UPDATE_GOLDEN=1 writes it anew.
  if (std::getenv("SLIPWAY_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << actual;
  std::ifstream file(path, std::ios::binary);
  CHECK(actual == std::string(std::istreambuf_iterator<char>(file), {}));
}

TEST_CASE("the largest document stays small") {
  const Catalog catalog;
  OpenApi api(catalog);
  const auto answer = api.get("/openapi/v3/api/v1", "", "", "");
  CHECK(answer->document->body.size() < 1'500'000);
}
