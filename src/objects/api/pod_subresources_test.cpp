// What goes through a Pod's doors /resize and /ephemeralcontainers, and what does not.

#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

const std::string pods = "/api/v1/namespaces/demo/pods";

struct Served : test::Cluster {
  Served() : Cluster(false) {
    CHECK(send_as_admin("POST", pods, R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x",
                        "resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"2"}}},
                        {"name":"d","image":"x"}]}})")
              .status == 201);
  }
  Answer patch(const std::string& door, const std::string& body) {
    return send_as_admin("PATCH", pods + "/p" + door, body,
                         {{"Content-Type", "application/strategic-merge-patch+json"}});
  }
  Answer resize(const std::string& resources, const std::string& more = "") {
    return patch("/resize", R"({"spec":{"containers":[{"name":"c","resources":)" + resources + more + "}]}}");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Served, "a resize changes cpu and memory of containers and nothing else") {
  const auto resized =
      resize(R"({"requests":{"cpu":"1500m"}})", R"(,"image":"other","resizePolicy":[{"resourceName":"cpu",
             "restartPolicy":"RestartContainer"}])");
  // The policy may come with it, and may not change.
  CHECK(resized.status == 422);
  CHECK(resized.message() == R"(Pod "p" is invalid: spec: Forbidden: only cpu and memory resources are mutable)");
  const auto fine = patch("/resize", R"({"metadata":{"labels":{"a":"b"}},"spec":{"nodeName":"n","containers":[{"name":
                          "c","image":"other","resources":{"requests":{"cpu":"1500m"}}}]}})");
  CHECK(fine.status == 200);
  const auto& container = fine.body["spec"]["containers"][std::size_t{0}];
  CHECK(container["resources"]["requests"]["cpu"].string_or("") == "1500m");
  CHECK(container["resources"]["requests"]["memory"].string_or("") == "1Gi");
  CHECK(container["image"].string_or("") == "x");
  CHECK(fine.body["spec"]["nodeName"].is_null());
  CHECK(fine.body["metadata"]["labels"].is_null());
  CHECK(fine.body["metadata"]["generation"].int_or(0) == 2);
  CHECK(resize(R"({"requests":{"cpu":"1500m"}})").body["metadata"]["generation"].int_or(0) == 2);
  CHECK(patch("", R"({"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]}})").status == 422);

  struct Row {
    const char *resources, *problem;
  };
  const Row rows[] = {
      {R"({"requests":{"memory":null}})",
       "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"},
      {R"({"limits":null})", "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"},
      {R"({"requests":{"cpu":"3"}})",
       "spec.containers[0].resources.requests: Invalid value: \"3\": must be less than or equal to cpu limit of 2"},
      {R"({"requests":{"ephemeral-storage":"1Gi"}})", "spec: Forbidden: only cpu and memory resources are mutable"},
  };
  for (const auto& row : rows) {
    const auto refused = resize(row.resources);
    CHECK(refused.status == 422);
    CHECK_MESSAGE(refused.message().find(row.problem) != std::string::npos, refused.message());
  }
  const auto added = patch("/resize", R"({"spec":{"containers":[{"name":"e","image":"x"}]}})");
  CHECK(added.message() ==
        R"(Pod "p" is invalid: spec.containers: Forbidden: containers may not be added or removed on resize)");
  // A container that had nothing would make another class of the Pod only if all had limits.
  CHECK(patch("/resize", R"({"spec":{"containers":[{"name":"d","resources":{"limits":{"memory":"1Gi"}}}]}})").status ==
        200);
}

TEST_CASE_FIXTURE(Served, "a node that does not say what its containers have cannot resize them") {
  const auto running = [](const char* more) {
    return std::string(R"({"status":{"containerStatuses":[{"name":"c","image":"x","imageID":"","ready":true,
                           "restartCount":0,"state":{"running":{}})") +
           more + "}]}}";
  };
  CHECK(patch("/status", running("")).status == 200);
  const auto refused = resize(R"({"requests":{"cpu":"1500m"}})");
  CHECK(refused.status == 422);
  CHECK(refused.message() == R"(Pod "p" is invalid: spec: Forbidden: Pod running on node without support for resize)");
  CHECK(patch("/status", running(R"(,"resources":{"requests":{"cpu":"1"}})")).status == 200);
  CHECK(resize(R"({"requests":{"cpu":"1500m"}})").status == 200);
}

TEST_CASE_FIXTURE(Served, "ephemeral containers are added by their own door, and stay as they are") {
  const std::string debugger = R"({"name":"debugger","image":"busybox","command":["sh"],"targetContainerName":"c"})";
  const auto made = send_as_admin("POST", pods,
                                  R"({"metadata":{"name":"q"},"spec":{"containers":[{"name":"c","image":
                                  "x"}],"ephemeralContainers":[)" +
                                      debugger + "]}}");
  CHECK(made.message() == R"(Pod "q" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create)");
  CHECK(patch("", R"({"spec":{"ephemeralContainers":[)" + debugger + "]}}").status == 422);
  const auto added =
      patch("/ephemeralcontainers", R"({"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"y"}],
                                    "ephemeralContainers":[)" +
                                        debugger + "]}}");
  CHECK(added.status == 200);
  CHECK(added.body["spec"]["ephemeralContainers"][std::size_t{0}]["terminationMessagePolicy"].string_or("") == "File");
  CHECK(added.body["spec"]["containers"][std::size_t{0}]["image"].string_or("") == "x");
  CHECK(added.body["metadata"]["labels"].is_null());
  CHECK(added.body["metadata"]["generation"].int_or(0) == 2);
  CHECK(send_as_admin("GET", pods + "/p/ephemeralcontainers").body["spec"]["ephemeralContainers"].size() == 1);
  CHECK(patch("/ephemeralcontainers", R"({"spec":{"ephemeralContainers":[{"name":"second","image":"busybox"}]}})")
            .body["spec"]["ephemeralContainers"]
            .size() == 2);

  const auto change = [&](const std::string& container) {
    return patch("/ephemeralcontainers", R"({"spec":{"ephemeralContainers":[)" + container + "]}}").message();
  };
  CHECK(change(R"({"name":"debugger","image":"other"})") ==
        "Pod \"p\" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers \"debugger\" may not "
        "be changed\n");
  CHECK(change(R"({"name":"debugger","$patch":"delete"})") ==
        "Pod \"p\" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers \"debugger\" may not "
        "be removed\n");
  CHECK(change(R"({"name":"c","image":"x"})").find("Duplicate value: \"c\"") != std::string::npos);
  CHECK(change(R"({"name":"e","image":"x","targetContainerName":"none"})").find("targetContainerName: Not found") !=
        std::string::npos);
  CHECK(change(R"({"name":"e","image":"x","ports":[{"containerPort":80}]})").find("cannot be set for an Ephemeral") !=
        std::string::npos);
}
