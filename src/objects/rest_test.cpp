#include <doctest/doctest.h>

#include <thread>

#include "core/world/real.hpp"
#include "net/client.hpp"
#include "objects/kinds.hpp"
#include "objects/rest.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

// The routes behind a real server on a free port; the control loop has a thread of its own, as in the product.
class Served {
 public:
  Served() : client_(net::make_client(io_, world_.loop())) {
    world_.set_http(*client_);
    auto parts = world_.world();
    store_ = std::move(*make_sqlite_store(parts, *database_));
    add_routes(router_, *store_, world_.loop(), {.admit = admit_, .events = &sink_});
    net::ServerOptions options;
    options.loop = &world_.loop();
    server_ = std::move(*net::Server::start(io_, router_, options));
    loop_thread_ = std::jthread([this] { world_.run(); });
  }
  ~Served() {
    server_.reset();
    world_.stop();
  }
  std::vector<std::string> recorded() const { return sink_.lines; }

  struct Answer {
    int status = 0;
    doc::Value body;
  };
  Answer send(std::string method, const std::string& path, std::string body = {},
              std::string type = "application/json") {
    core::HttpRequest request;
    request.method = std::move(method);
    request.url = url(path);
    request.body = std::move(body);
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", std::move(type));
    const auto response = net::fetch(std::move(request));
    REQUIRE(response.has_value());
    auto parsed = doc::parse_json(response->body);
    REQUIRE(parsed.has_value());
    return {response->status, std::move(*parsed)};
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }

 private:
  struct Sink final : core::EventSink {
    void record(core::Event event) override {
      lines.push_back(event.actor + " " + event.action + " " + event.object + ", " + event.detail);
    }
    std::vector<std::string> lines;
  } sink_;
  std::function<Result<>(const Object&)> admit_ = [](const Object& object) -> Result<> {
    if (object.label("forbidden").empty()) return {};
    return fail(Code::invalid_argument, "spec.x: is wrong");
  };
  core::RealWorld world_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> client_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Store> store_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  std::jthread loop_thread_;
};

constexpr auto kPods = "/api/v1/namespaces/demo/pods";

}  // namespace

TEST_CASE_FIXTURE(Served, "an object is created, read, changed and removed over REST") {
  auto made = send("POST", kPods, R"({"metadata":{"name":"a"},"spec":{"image":"x"},"status":{"phase":"Lies"}})");
  CHECK(made.status == 201);
  CHECK(made.body["kind"].string_or("") == "Pod");  // what the body left out came from the URL
  CHECK(made.body["metadata"]["namespace"].string_or("") == "demo");
  CHECK(made.body["status"].is_null());

  made.body.set_path("spec.image", "y");
  const auto put = send("PUT", std::string(kPods) + "/a", doc::render_json(made.body));
  CHECK(put.status == 200);
  CHECK(put.body["metadata"]["generation"].int_or(0) == 2);
  const auto stale = send("PUT", std::string(kPods) + "/a", doc::render_json(made.body));
  CHECK(stale.status == 409);
  CHECK(stale.body["reason"].string_or("") == "Conflict");

  auto running = put.body;
  running.set_path("status.phase", "Running");
  CHECK(
      send("PUT", std::string(kPods) + "/a/status", doc::render_json(running)).body["status"]["phase"].string_or("") ==
      "Running");
  CHECK(
      send("PATCH", std::string(kPods) + "/a", R"({"metadata":{"labels":{"app":"x"}}})", "application/merge-patch+json")
          .body["metadata"]["labels"]["app"]
          .string_or("") == "x");
  CHECK(send("PATCH", std::string(kPods) + "/b", "spec: {image: z}", "application/apply-patch+yaml").status == 200);
  CHECK(send("PATCH", std::string(kPods) + "/b", "{}", "application/strategic-merge-patch+json").status == 415);

  const auto list = send("GET", "/api/v1/pods?labelSelector=app%3Dx");
  CHECK(list.body["kind"].string_or("") == "PodList");
  CHECK(list.body["items"].size() == 1);
  const auto page = send("GET", std::string(kPods) + "?limit=1");
  CHECK(page.body["items"].size() == 1);
  CHECK(page.body["metadata"]["continue"].is_string());

  CHECK(send("DELETE", std::string(kPods) + "/a").body["status"].string_or("") == "Success");
  const auto gone = send("GET", std::string(kPods) + "/a");
  CHECK(gone.status == 404);
  CHECK(gone.body["message"].string_or("") == "pods \"a\" not found");
  CHECK(gone.body["code"].int_or(0) == 404);
}

TEST_CASE_FIXTURE(Served, "a body for another name, namespace or kind is refused") {
  CHECK(send("POST", kPods, R"({"metadata":{"name":"a","namespace":"other"}})").status == 400);
  CHECK(send("PUT", std::string(kPods) + "/a", R"({"metadata":{"name":"b"}})").status == 400);
  CHECK(send("POST", kPods, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})").status == 400);
  CHECK(send("POST", kPods, "not json").status == 400);
  CHECK(send("GET", std::string(kPods) + "?labelSelector=%3D").status == 400);
}

TEST_CASE_FIXTURE(
    Served, "a Promotion is read and removed over REST, and never written: its approvals are not anybody's to write") {
  const std::string all = "/apis/slipway.dev/v1alpha1/namespaces/production/promotions";
  CHECK(send("GET", all).status == 200);
  CHECK(send("POST", all, R"({"metadata":{"name":"x"}})").status == 403);
  const auto forged =
      send("PATCH", all + "/x/status", R"({"status":{"approvals":[{"by":"linus"}]}})", "application/merge-patch+json");
  CHECK(forged.status == 403);
  CHECK(forged.body["reason"].string_or("") == "Forbidden");
  CHECK(send("DELETE", all + "/x").status == 404);
}

TEST_CASE_FIXTURE(Served, "every served version of a group reads and writes the same object") {
  const std::string beta = "/apis/networking.istio.io/v1beta1/namespaces/demo/virtualservices";
  CHECK(send("POST", beta, R"({"metadata":{"name":"vs"},"spec":{}})").status == 201);
  CHECK(send("GET", "/apis/networking.istio.io/v1/namespaces/demo/virtualservices/vs").status == 200);
  CHECK(send("GET", "/apis/openslo/v1/slos").body["kind"].string_or("") == "SLOList");
}

TEST_CASE_FIXTURE(Served, "a watch streams lines: what is there, what changes, and what leaves the selector") {
  send("POST", kPods, R"({"metadata":{"name":"a","labels":{"app":"x"}}})");
  core::HttpRequest request;
  request.url = url(std::string(kPods) + "?watch=true&labelSelector=app%3Dx");
  std::string text;
  int lines = 0;
  const auto status = net::fetch_stream(request, [&](std::string_view bytes) {
    text += bytes;
    int complete = 0;
    for (const char c : text) complete += c == '\n';
    for (; lines < complete; ++lines) {
      if (lines == 0) send("POST", kPods, R"({"metadata":{"name":"b","labels":{"app":"y"}}})");
      if (lines == 0)
        send("PATCH", std::string(kPods) + "/a", R"({"metadata":{"labels":{"app":"y"}}})",
             "application/merge-patch+json");
      if (lines == 1)
        send("PATCH", std::string(kPods) + "/b", R"({"metadata":{"labels":{"app":"x"}}})",
             "application/merge-patch+json");
    }
    return lines < 3;
  });
  CHECK(*status == 200);
  CHECK(text.find(R"({"type":"ADDED","object":)") == 0);
  CHECK(text.find(R"({"type":"DELETED","object":)") != std::string::npos);
  CHECK(text.find(R"({"type":"ADDED","object":)", 10) != std::string::npos);
}

TEST_CASE_FIXTURE(Served, "a watch from a version that the ring dropped says 410 in the stream") {
  core::HttpRequest request;
  request.url = url(std::string(kPods) + "?watch=true&resourceVersion=999");
  std::string text;
  REQUIRE(net::fetch_stream(request, [&](std::string_view bytes) {
            text += bytes;
            return true;
          }).has_value());
  CHECK(text.find(R"("type":"ERROR")") != std::string::npos);
  CHECK(text.find(R"("code":410)") != std::string::npos);
}

TEST_CASE("every write is checked first and goes on record with who, what and how; refused ones leave nothing") {
  Served served;
  const std::string maps = "/api/v1/namespaces/dev/configmaps";
  CHECK(served.send("POST", maps, R"({"metadata":{"name":"a"}})").status == 201);
  CHECK(served.send("POST", maps, R"({"metadata":{"name":"b","labels":{"forbidden":"yes"}}})").status == 400);
  CHECK(served.send("PATCH", maps + "/a", R"({"data":{"k":"v"}})", "application/merge-patch+json").status == 200);
  CHECK(
      served
          .send("PATCH", maps + "/a", R"({"metadata":{"labels":{"forbidden":"yes"}}})", "application/merge-patch+json")
          .status == 400);
  CHECK(served.send("PUT", maps + "/a", R"({"metadata":{"name":"a","labels":{"forbidden":"yes"}}})").status == 400);
  CHECK(served.send("GET", maps + "/a").body["data"]["k"].string_or("") == "v");
  CHECK(served.send("DELETE", maps + "/a").status == 200);
  CHECK(served.send("POST", "/apis/coordination.k8s.io/v1/namespaces/dev/leases", R"({"metadata":{"name":"l"}})")
            .status == 201);
  CHECK(served.recorded() == std::vector<std::string>{
                                 "anonymous created ConfigMap dev/a, POST " + maps,
                                 "anonymous updated ConfigMap dev/a, PATCH " + maps + "/a",
                                 "anonymous deleted ConfigMap dev/a, DELETE " + maps + "/a",
                             });
}
