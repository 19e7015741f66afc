#include "objects/discovery/discovery.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "objects/discovery/custom_test.hpp"
#include "objects/discovery/plain.hpp"
#include "objects/discovery/version.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::discovery;

namespace {

constexpr std::string_view kubectl =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

doc::Value read(Discovery& discovery, std::string_view path, std::string_view accept = "application/json") {
  CAPTURE(path);
  const auto answer = discovery.get(path, accept, "");
  REQUIRE(answer.has_value());
  REQUIRE(answer->status == 200);
  return doc::parse_json(answer->document->body).value();
}

const doc::Value& entry(const doc::Value& list, std::string_view key, std::string_view name) {
  for (const doc::Value& one : list.as_array()) {
    if (one[key].string_or("") == name) return one;
  }
  static const doc::Value none;
  return none;
}

std::string header(const Answer& answer, std::string_view name) {
  const auto at = std::ranges::find(answer.headers, name, &std::pair<std::string, std::string>::first);
  return at == answer.headers.end() ? "" : at->second;
}

}  // namespace

TEST_CASE("a client that knows nothing of aggregation walks from group to group") {
  const Catalog catalog;
  Discovery discovery(catalog, "127.0.0.1:7070");
  const auto api = read(discovery, "/api");
  CHECK(doc::render_json(api) ==
        R"({"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0",)"
        R"("serverAddress":"127.0.0.1:7070"}]})");
  const auto apis = read(discovery, "/apis");
  CHECK(apis["kind"].as_string() == "APIGroupList");
  CHECK(apis["groups"][std::size_t{0}]["name"].as_string() == "apps");
  const doc::Value& autoscaling = entry(apis["groups"], "name", "autoscaling");
  CHECK(doc::render_json(autoscaling) ==
        R"({"name":"autoscaling","versions":[{"groupVersion":"autoscaling/v2","version":"v2"},)"
        R"({"groupVersion":"autoscaling/v1","version":"v1"}],)"
        R"("preferredVersion":{"groupVersion":"autoscaling/v2","version":"v2"}})");
  const auto group = read(discovery, "/apis/autoscaling/");
  CHECK(group["kind"].as_string() == "APIGroup");
  CHECK(group["preferredVersion"] == autoscaling["preferredVersion"]);
}

TEST_CASE("the list of a version's resources is that of Kubernetes") {
  const Catalog catalog;
  Discovery discovery(catalog);
  const auto core = read(discovery, "/api/v1");
  CHECK_FALSE(core.as_object().contains("apiVersion"));
  CHECK(core["groupVersion"].as_string() == "v1");
  const doc::Value& resources = core["resources"];
  CHECK(doc::render_json(entry(resources, "name", "pods")) ==
        R"({"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["create","delete",)"
        R"("deletecollection","get","list","patch","update","watch"],"shortNames":["po"],"categories":["all"],)"
        R"("storageVersionHash":"xPOwRZ+Yhw8="})");
  CHECK(doc::render_json(entry(resources, "name", "pods/eviction")) ==
        R"({"name":"pods/eviction","singularName":"","namespaced":true,"group":"policy","version":"v1",)"
        R"("kind":"Eviction","verbs":["create"]})");
  CHECK(doc::render_json(entry(resources, "name", "namespaces/finalize")) ==
        R"({"name":"namespaces/finalize","singularName":"","namespaced":false,"kind":"Namespace","verbs":["update"]})");
  CHECK(entry(resources, "name", "bindings")["storageVersionHash"].is_null());
  const auto apps = read(discovery, "/apis/apps/v1");
  CHECK(apps["apiVersion"].as_string() == "v1");
  CHECK(entry(apps["resources"], "name", "deployments/scale")["group"].as_string() == "autoscaling");
  CHECK(entry(apps["resources"], "name", "controllerrevisions")["storageVersionHash"].as_string() == "85nkx63pcBU=");
}

TEST_CASE("kubectl gets everything in two documents") {
  const Catalog catalog;
  Discovery discovery(catalog);
  auto answer = discovery.get("/apis", kubectl, "");
  REQUIRE(answer.has_value());
  CHECK(answer->content_type == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  CHECK(header(*answer, "Vary") == "Accept");
  const auto apis = doc::parse_json(answer->document->body).value();
  CHECK(apis["apiVersion"].as_string() == "apidiscovery.k8s.io/v2");
  const doc::Value& apps = apis["items"][std::size_t{0}];
  CHECK(apps["metadata"]["name"].as_string() == "apps");
  const doc::Value& version = apps["versions"][std::size_t{0}];
  CHECK(version["freshness"].as_string() == "Current");
  CHECK(doc::render_json(entry(version["resources"], "resource", "deployments")) ==
        R"({"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},)"
        R"("scope":"Namespaced","singularResource":"deployment","verbs":["create","delete","deletecollection","get",)"
        R"("list","patch","update","watch"],"shortNames":["deploy"],"categories":["all"],"subresources":[)"
        R"({"subresource":"scale","responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"},)"
        R"("verbs":["get","patch","update"]},{"subresource":"status","responseKind":{"group":"apps","version":"v1",)"
        R"("kind":"Deployment"},"verbs":["get","patch","update"]}]})");

  const auto core = read(discovery, "/api", kubectl);
  REQUIRE(core["items"].size() == 1);
  CHECK(core["items"][std::size_t{0}]["metadata"]["name"].is_null());
  CHECK(entry(core["items"][std::size_t{0}]["versions"][std::size_t{0}]["resources"], "resource", "nodes")["scope"]
            .as_string() == "Cluster");

  answer = discovery.get("/apis", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList", "");
  CHECK(answer->content_type == "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList");
  answer = discovery.get("/apis", "application/vnd.kubernetes.protobuf, application/json", "");
  CHECK(answer->content_type == "application/json");
  CHECK(discovery.get("/apis", "application/vnd.kubernetes.protobuf", "")->status == 406);
}

TEST_CASE("what a client has already is not sent again") {
  Catalog catalog;
  Discovery discovery(catalog);
  const auto first = discovery.get("/apis", kubectl, "");
  const std::string etag = header(*first, "ETag");
  CHECK(etag.size() == 34);
  const auto again = discovery.get("/apis", kubectl, "W/" + etag + ", \"other\"");
  CHECK(again->status == 304);
  CHECK(again->document == nullptr);
  CHECK(header(*again, "ETag") == etag);
  CHECK(discovery.get("/apis", "application/json", etag)->status == 200);
  CHECK(discovery.get("/apis", kubectl, "\"x\"")->document == first->document);

  catalog.put("ovens.bakery.example.com", ovens({"v1"}));
  CHECK(discovery.get("/apis", kubectl, etag)->status == 200);
  catalog.remove("ovens.bakery.example.com");
  CHECK(discovery.get("/apis", kubectl, etag)->status == 304);
  CHECK(is_not_modified("*", etag));
}

TEST_CASE("a definition with two versions appears at once, the better version first") {
  Catalog catalog;
  Discovery discovery(catalog);
  CHECK(discovery.get("/apis/bakery.example.com", "", "")->status == 404);
  catalog.put("ovens.bakery.example.com", ovens({"v1alpha1", "v1"}));
  const auto group = read(discovery, "/apis/bakery.example.com");
  CHECK(group["preferredVersion"]["groupVersion"].as_string() == "bakery.example.com/v1");
  CHECK(group["versions"].size() == 2);
  const auto list = read(discovery, "/apis/bakery.example.com/v1alpha1");
  const doc::Value& oven_entry = entry(list["resources"], "name", "ovens");
  CHECK(oven_entry["shortNames"][std::size_t{0}].as_string() == "ov");
  CHECK(oven_entry["storageVersionHash"].as_string() == storage_version_hash("bakery.example.com", "v1", "Oven"));
  CHECK(entry(list["resources"], "name", "ovens/scale")["kind"].as_string() == "Scale");
  CHECK(entry(list["resources"], "name", "ovens/status")["group"].is_null());
  CHECK(discovery.get("/apis/bakery.example.com/v2", "", "")->status == 404);
  catalog.remove("ovens.bakery.example.com");
  CHECK(discovery.get("/apis/bakery.example.com/v1", "", "")->status == 404);
}

TEST_CASE("paths of objects are not discovery's") {
  const Catalog catalog;
  Discovery discovery(catalog);
  for (const char* path : {"/", "/version", "/apisx", "/api/v1/pods", "/apis/apps/v1/deployments", "/openapi/v3"}) {
    CAPTURE(path);
    CHECK_FALSE(discovery.get(path, "", "").has_value());
  }
  CHECK(discovery.get("/api/v2", "", "")->status == 404);
  CHECK(discovery.get("/apis//v1", "", "")->status == 404);
}

TEST_CASE("versions stand in Kubernetes' order") {
  std::vector<std::string> versions{
      "foo10",    "v1beta1", "v10",       "v2",        "foo1",    "v1",   "v11beta2",
      "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "v1alpha", "v10x", "v99999999999999999999999"};
  std::ranges::sort(versions, is_preferred);
  CHECK(versions == std::vector<std::string>{"v99999999999999999999999", "v10", "v2", "v1", "v11beta2", "v10beta3",
                                             "v3beta1", "v1beta1", "v12alpha1", "v11alpha2", "foo1", "foo10", "v10x",
                                             "v1alpha"});
}

TEST_CASE("the version is one that clients can compare") {
  const auto version = version_document({"abc", "2026-11-30T00:00:00Z", "gcc", "linux/amd64"});
  CHECK(version["gitVersion"].as_string() == "v1.34.4+slipway");
  CHECK(version["major"].as_string() == "1");
  CHECK(version["minor"].as_string() == "34");
  CHECK(version["platform"].as_string() == "linux/amd64");
}
