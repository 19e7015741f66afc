#include "objects/api/removals.hpp"

#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Served : test::Cluster {
  Served() : Cluster(false) {}
  bool becomes(const std::string& path, int status) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (send_as_admin("GET", path).status == status) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Served, "a namespace that is deleted in the foreground stays until it is empty") {
  const std::string space = "/api/v1/namespaces/leaving";
  const std::string held = space + "/configmaps/held";
  CHECK(send_as_admin("POST", "/api/v1/namespaces", R"({"metadata":{"name":"leaving"}})").status == 201);
  CHECK(
      send_as_admin("POST", space + "/configmaps", R"({"metadata":{"name":"held","finalizers":["example.com/hold"]}})")
          .status == 201);
  CHECK(send_as_admin("POST", space + "/configmaps", R"({"metadata":{"name":"free"}})").status == 201);
  const auto marked = send_as_admin("DELETE", space + "?propagationPolicy=Foreground");
  CHECK(marked.body["status"]["phase"].string_or("") == "Terminating");
  CHECK(becomes(space + "/configmaps/free", 404));
  for (int i = 0; i < 50; ++i) CHECK(send_as_admin("GET", space).status == 200);
  CHECK(send_as_admin("PATCH", held, R"({"metadata":{"finalizers":null}})",
                      {{"Content-Type", "application/merge-patch+json"}})
            .status == 200);
  CHECK(becomes(space, 404));
  CHECK(send_as_admin("GET", held).status == 404);
}
