#include "objects/controllers/namespaces.hpp"

#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using test::Cluster;

namespace {

struct Spaces : Cluster {
  Spaces() : Cluster(false) {}
  bool until(const std::function<bool()>& seen) {
    for (int i = 0; i < 1000; ++i) {
      if (seen()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  const std::string demo = "/api/v1/namespaces/demo";
};

}  // namespace

TEST_CASE_FIXTURE(Spaces, "a namespace has its default account again when somebody deleted it") {
  const auto account = demo + "/serviceaccounts/default";
  REQUIRE(until([&] { return send_as_admin("GET", account).status == 200; }));
  const auto uid = send_as_admin("GET", account).body["metadata"]["uid"].string_or("");
  CHECK(send_as_admin("DELETE", account).status == 200);
  CHECK(until([&] {
    const auto again = send_as_admin("GET", account);
    return again.status == 200 && again.body["metadata"]["uid"].string_or("") != uid;
  }));
}

TEST_CASE_FIXTURE(Spaces, "a namespace that cannot be emptied says what is left, and which finalizers keep it") {
  CHECK(send_as_admin("POST", demo + "/configmaps", R"({"metadata":{"name":"held","finalizers":["example.com/hold"]}})")
            .status == 201);
  CHECK(send_as_admin("DELETE", demo).status == 200);
  const auto says = [&](const std::string& type) {
    return Object(send_as_admin("GET", demo).body).condition(type)["message"].string_or("");
  };
  REQUIRE(until([&] { return says("NamespaceFinalizersRemaining").contains("example.com/hold in 1 resource"); }));
  CHECK(says("NamespaceContentRemaining") == "Some resources are remaining: configmaps. has 1 resource instances");
  CHECK(send_as_admin("PATCH", demo + "/configmaps/held", R"({"metadata":{"finalizers":null}})",
                      {{"Content-Type", "application/merge-patch+json"}})
            .status == 200);
  CHECK(until([&] { return send_as_admin("GET", demo).status == 404; }));
}

TEST_CASE_FIXTURE(Spaces, "a definition's metadata is judged in every write, and a deprecated version warns") {
  const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const std::string schema = "schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}";
  REQUIRE(send_as_admin("POST", definitions,
                        "metadata: {name: shirts.stable.example.com}\nspec:\n  group: stable.example.com\n"
                        "  scope: Cluster\n  names: {plural: shirts, singular: shirt, kind: Shirt}\n  versions:\n"
                        "  - {name: v1, served: true, storage: true, " +
                            schema + "}\n  - {name: v1beta1, served: true, storage: false, deprecated: true, " +
                            schema + "}\n",
                        {{"Content-Type", "application/yaml"}})
              .status == 201);
  const auto patched = [&](const std::string& body) {
    return send_as_admin("PATCH", definitions + "/shirts.stable.example.com", body,
                         {{"Content-Type", "application/merge-patch+json"}});
  };
  CHECK(patched(R"({"metadata":{"finalizers":["not a name"]}})").status == 422);
  CHECK(patched(R"({"metadata":{"labels":{"bad key":"x"}}})").status == 422);
  CHECK(patched(R"({"metadata":{"annotations":{"big":")" + std::string(300'000, 'x') + R"("}}})").status == 422);
  CHECK(patched(R"({"metadata":{"labels":{"good":"x"}}})").status == 200);
  REQUIRE(until([&] { return send_as_admin("GET", "/apis/stable.example.com/v1beta1/shirts").status == 200; }));
  const auto old = send_as_admin("GET", "/apis/stable.example.com/v1beta1/shirts");
  CHECK(core::header(old.headers, "Warning") == R"(299 - "stable.example.com/v1beta1 Shirt is deprecated")");
  CHECK(core::header(send_as_admin("GET", "/apis/stable.example.com/v1/shirts").headers, "Warning").empty());
}
