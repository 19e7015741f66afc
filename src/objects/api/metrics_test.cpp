#include "objects/api/metrics.hpp"

#include "objects/served_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using test::Cluster;

namespace {

const std::string maps = "/api/v1/namespaces/demo/configmaps";

struct Measured : Cluster {
  Measured() : Cluster(true) {}
  std::string scraped() {
    const auto answer = send_as_admin("GET", "/metrics");
    CHECK(answer.status == 200);
    CHECK(core::header(answer.headers, "Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    return answer.body.string_or("");
  }
};

void check_line(const std::string& text, const std::string& line) {
  CAPTURE(text);
  CHECK_MESSAGE(text.find("\n" + line + "\n") != std::string::npos, line);
}

}  // namespace

TEST_CASE_FIXTURE(Measured, "requests are counted under the names and labels of kube-apiserver") {
  CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":"a"}})").status == 201);
  CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":"a"}})").status == 409);
  CHECK(send_as_admin("GET", maps).status == 200);
  CHECK(send_as_admin("GET", maps + "/a").status == 200);
  CHECK(send_as_admin("PATCH", maps + "/a?dryRun=All", R"({"data":{"k":"v"}})",
                      {{"Content-Type", "application/merge-patch+json"}})
            .status == 200);
  CHECK(send("eve", "GET", "/api/v1/configmaps").status == 403);
  CHECK(send_as_admin("GET", "/api/v1/namespaces/demo/inventions").status == 404);
  CHECK(send("", "GET", "/healthz").status == 200);
  const auto text = scraped();
  const auto requests = [&](const std::string& what, const std::string& rest) {
    check_line(text, "apiserver_request_total{component=\"apiserver\",group=\"\"," + what + rest);
  };
  requests(R"(resource="configmaps",scope="resource",subresource="",verb="POST",version="v1",dry_run="")",
           ",code=\"201\"} 1");
  requests(R"(resource="configmaps",scope="resource",subresource="",verb="POST",version="v1",dry_run="")",
           ",code=\"409\"} 1");
  requests(R"(resource="configmaps",scope="namespace",subresource="",verb="LIST",version="v1",dry_run="")",
           ",code=\"200\"} 1");
  requests(R"(resource="configmaps",scope="cluster",subresource="",verb="LIST",version="v1",dry_run="")",
           ",code=\"403\"} 1");
  requests(R"(resource="configmaps",scope="resource",subresource="",verb="PATCH",version="v1",dry_run="All")",
           ",code=\"200\"} 1");
  requests(R"(resource="",scope="",subresource="/healthz",verb="GET",version="",dry_run="")", ",code=\"200\"} 1");
  CHECK(text.find("inventions") == std::string::npos);  // a client does not make up our labels
  check_line(text, R"(apiserver_request_duration_seconds_count{component="apiserver",group="",resource="configmaps",)"
                   R"(scope="resource",subresource="",verb="GET",version="v1",dry_run=""} 1)");
  check_line(text, R"(apiserver_current_inflight_requests{request_kind="mutating"} 0)");
  check_line(text, R"(apiserver_current_inflight_requests{request_kind="readOnly"} 1)");  // this one
  check_line(text, R"(apiserver_storage_objects{resource="configmaps"} 1)");
  check_line(text, R"(apiserver_resource_objects{group="apps",resource="deployments"} 0)");
  CHECK(text.find("subjectaccessreviews") == std::string::npos);
  for (const auto* family : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                             "process_max_fds", "process_start_time_seconds", "kubernetes_build_info{git_version="}) {
    CHECK_MESSAGE(text.find("\n" + std::string(family)) != std::string::npos, family);
  }
}

TEST_CASE_FIXTURE(Measured, "a watch is counted while it is open, with the events that it was sent") {
  const std::string open =
      R"(apiserver_longrunning_requests{component="apiserver",group="",resource="configmaps",scope="namespace",)"
      R"(subresource="",verb="WATCH",version="v1"} )";
  core::HttpRequest request;
  request.url = url() + maps + "?watch=true";
  request.headers.emplace_back(net::principal_header, "root");
  request.headers.emplace_back(net::roles_header, "platform-engineer");
  CHECK(send_as_admin("POST", maps, R"({"metadata":{"name":"a"}})").status == 201);
  std::string text;
  CHECK(net::fetch_stream(request, [&](std::string_view) {
          text = scraped();
          return false;
        }).has_value());
  check_line(text, open + "1");
  check_line(text, R"(apiserver_watch_events_total{group="",resource="configmaps",version="v1"} 1)");
  check_line(text, R"(apiserver_watch_events_sizes_count{group="",resource="configmaps",version="v1"} 1)");
  bool closed = false;
  for (int i = 0; i < 500 && !closed; ++i) closed = scraped().find("\n" + open + "0\n") != std::string::npos;
  CHECK(closed);
}

TEST_CASE_FIXTURE(Measured, "metrics are read by who may read, as on a real server") {
  CHECK(send("", "GET", "/metrics").message() == R"(forbidden: User "system:anonymous" cannot get path "/metrics")");
  CHECK(send("eve", "GET", "/metrics").status == 403);
  CHECK(send("ada/ml-engineer", "GET", "/metrics").status == 200);
  CHECK(send("", "GET", "/version").status == 200);
  CHECK(send("", "GET", "/openapi/v3").status == 403);
  CHECK(send("eve", "GET", "/openapi/v3").status == 200);
}
