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

TEST_CASE_FIXTURE(Served, "a Job that goes lets go of its Pods unless the client says otherwise, and is warned of it") {
  const std::string jobs = "/apis/batch/v1/namespaces/demo/jobs";
  const std::string maps = "/api/v1/namespaces/demo/configmaps";
  const auto make = [&](const std::string& name) {
    const auto job = send_as_admin(
        "POST", jobs,
        R"({"metadata":{"name":")" + name +
            R"("},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}})");
    REQUIRE(job.status == 201);
    const auto uid = job.body["metadata"]["uid"].string_or("");
    const auto owner = R"([{"apiVersion":"batch/v1","kind":"Job","name":")" + name + R"(","uid":")" + uid + R"("}])";
    CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":")" + name + R"(","ownerReferences":)" + owner + "}}")
              .status == 201);
  };
  make("kept");
  const auto gone = send_as_admin("DELETE", jobs + "/kept");
  CHECK(core::header(gone.headers, "Warning").contains("child pods are preserved by default when jobs are deleted"));
  CHECK(becomes(jobs + "/kept", 404));
  CHECK(send_as_admin("GET", maps + "/kept").body["metadata"]["ownerReferences"].is_null());
  make("taken");
  const auto taken = send_as_admin("DELETE", jobs + "/taken?propagationPolicy=Background");
  CHECK(core::header(taken.headers, "Warning").empty());
  CHECK(becomes(maps + "/taken", 404));
}

TEST_CASE_FIXTURE(Served, "an update without a version is refused where a kind asks for one") {
  const std::string budgets = "/apis/policy/v1/namespaces/demo/poddisruptionbudgets";
  const std::string budget = R"({"metadata":{"name":"b"},"spec":{"minAvailable":1}})";
  CHECK(send_as_admin("POST", budgets, budget).status == 201);
  const auto refused = send_as_admin("PUT", budgets + "/b", budget);
  CHECK(refused.status == 422);
  CHECK(refused.message() == R"(poddisruptionbudgets.policy "b" is invalid: )"
                             "metadata.resourceVersion: Invalid value: 0: must be specified for an update");
}

TEST_CASE_FIXTURE(Served, "an eviction that is a dry run by its body costs a budget nothing") {
  const std::string pod = "/api/v1/namespaces/demo/pods/p";
  const std::string budget = "/apis/policy/v1/namespaces/demo/poddisruptionbudgets/b";
  const core::Headers merge{{"Content-Type", "application/merge-patch+json"}};
  CHECK(send_as_admin(
            "POST", "/api/v1/namespaces/demo/pods",
            R"({"metadata":{"name":"p","labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}})")
            .status == 201);
  CHECK(send_as_admin("PATCH", pod + "/status", R"({"status":{"phase":"Running"}})", merge).status == 200);
  CHECK(send_as_admin("POST", "/apis/policy/v1/namespaces/demo/poddisruptionbudgets",
                      R"({"metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}})")
            .status == 201);
  CHECK(send_as_admin("PATCH", budget + "/status",
                      R"({"status":{"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,
                          "expectedPods":2}})",
                      merge)
            .status == 200);
  const auto allowed = [&] { return send_as_admin("GET", budget).body["status"]["disruptionsAllowed"].int_or(-1); };
  const auto evict = [&](const std::string& options) {
    return send_as_admin("POST", pod + "/eviction", R"({"metadata":{"name":"p"},"deleteOptions":)" + options + "}")
        .status;
  };
  CHECK(evict(R"({"dryRun":["All"]})") == 201);
  CHECK(allowed() == 1);
  CHECK(send_as_admin("GET", pod).status == 200);
  CHECK(evict("{}") == 201);
  CHECK(allowed() == 0);
  CHECK(send_as_admin("GET", pod).status == 404);
}
