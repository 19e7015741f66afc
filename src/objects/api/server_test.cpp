#include "objects/api/server.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "core/digest.hpp"
#include "core/world/real.hpp"
#include "net/client.hpp"
#include "net/websocket_test.hpp"
#include "objects/embedded.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

// A definition that comes with the program.
std::string shelf(const std::string& properties) {
  return R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"shelves.example.com"},
  "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"shelves","kind":"Shelf"},"versions":[
  {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{
  "type":"object","properties":)" +
         properties + "}}}}}]}}";
}

// The whole embedded API behind a real server on a free port; the control loop has a thread of its own, as in the
// product.
class Served {
 public:
  Served() : client_(net::make_client(io_, world_.loop())) {
    world_.set_http(*client_);
    parts_.emplace(world_.world());
    EmbeddedOptions options;
    options.events = &sink_;
    options.definitions = {*doc::parse_json(shelf(R"({"color":{"type":"string"}})"))};
    options.admit = [](const Object& object) -> Result<> {
      if (object.label("forbidden").empty()) return {};
      return fail(Code::invalid_argument, "spec.x: is wrong");
    };
    embedded_ = std::move(*Embedded::open(*parts_, *database_, nullptr, std::move(options)));
    REQUIRE(embedded_->store().create(Object::make({"", "v1", "Namespace", "namespaces", false}, {"", "demo"})));
    embedded_->add_routes(router_);
    REQUIRE(embedded_->start());
    net::ServerOptions server;
    server.loop = &world_.loop();
    server_ = std::move(*net::Server::start(io_, router_, server));
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
    core::Headers headers;
  };
  Answer send(std::string method, const std::string& path, std::string body = {}, std::string type = "application/json",
              const std::string& accept = {}) {
    core::HttpRequest request;
    request.method = std::move(method);
    request.url = url(path);
    request.body = std::move(body);
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", std::move(type));
    if (!accept.empty()) request.headers.emplace_back("Accept", accept);
    const auto response = net::fetch(std::move(request));
    REQUIRE(response.has_value());
    auto parsed = doc::parse_json(response->body);
    CAPTURE(response->body);
    REQUIRE(parsed.has_value());
    return {response->status, std::move(*parsed), response->headers};
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
  core::RealWorld world_;
  net::IoThread io_;
  std::unique_ptr<core::HttpClient> client_;
  std::optional<core::World> parts_;
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Embedded> embedded_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  std::jthread loop_thread_;
};

const std::string pods = "/api/v1/namespaces/demo/pods";
const std::string maps = "/api/v1/namespaces/demo/configmaps";
constexpr auto pod_a =
    R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"x:1"}]},"status":{"phase":"Lies"}})";

}  // namespace

TEST_CASE_FIXTURE(Served, "an object is created, read, changed and removed") {
  auto made = send("POST", pods, pod_a);
  CHECK(made.status == 201);
  CHECK(made.body["kind"].string_or("") == "Pod");  // what the body left out came from the URL
  CHECK(made.body["metadata"]["namespace"].string_or("") == "demo");
  CHECK(made.body["status"]["phase"].string_or("") == "Pending");
  CHECK(made.body["spec"]["restartPolicy"].string_or("") == "Always");

  made.body.set_path("spec.activeDeadlineSeconds", 5);
  const auto put = send("PUT", pods + "/a", doc::render_json(made.body));
  CHECK(put.status == 200);
  CHECK(put.body["metadata"]["generation"].int_or(0) == 2);
  const auto stale = send("PUT", pods + "/a", doc::render_json(made.body));
  CHECK(stale.status == 409);
  CHECK(stale.body["reason"].string_or("") == "Conflict");

  auto running = put.body;
  running.set_path("status.phase", "Running");
  CHECK(send("PUT", pods + "/a/status", doc::render_json(running)).body["status"]["phase"].string_or("") == "Running");
  CHECK(send("PATCH", pods + "/a", R"({"metadata":{"labels":{"app":"x"}}})", "application/merge-patch+json")
            .body["metadata"]["labels"]["app"]
            .string_or("") == "x");
  const auto strategic = send("PATCH", pods + "/a", R"({"spec":{"containers":[{"name":"c","image":"x:2"}]}})",
                              "application/strategic-merge-patch+json");
  CHECK(strategic.body["spec"]["containers"][std::size_t{0}]["image"].string_or("") == "x:2");

  const auto list = send("GET", "/api/v1/pods?labelSelector=app%3Dx");
  CHECK(list.body["kind"].string_or("") == "PodList");
  CHECK(list.body["items"].size() == 1);
  send("POST", pods, R"({"metadata":{"name":"b"},"spec":{"containers":[{"name":"c","image":"x"}]}})");
  const auto page = send("GET", pods + "?limit=1");
  CHECK(page.body["items"].size() == 1);
  CHECK(page.body["metadata"]["remainingItemCount"].int_or(0) == 1);
  const auto token = page.body["metadata"]["continue"].string_or("");
  CHECK(send("GET", pods + "?limit=1&continue=" + net::url_encode(token)).body["items"].size() == 1);

  CHECK(send("DELETE", pods + "/a").body["kind"].string_or("") == "Pod");
  CHECK(send("POST", maps, R"({"metadata":{"name":"m"}})").status == 201);
  CHECK(send("DELETE", maps + "/m").body["status"].string_or("") == "Success");
  const auto gone = send("GET", pods + "/a");
  CHECK(gone.status == 404);
  CHECK(gone.body["message"].string_or("") == "pods \"a\" not found");
  CHECK(gone.body["details"]["kind"].string_or("") == "pods");
  CHECK(gone.body["code"].int_or(0) == 404);
}

TEST_CASE_FIXTURE(Served, "a body for another name, namespace or kind is refused, and so are unknown fields") {
  CHECK(send("POST", pods, R"({"metadata":{"name":"a","namespace":"other"}})").status == 400);
  CHECK(send("PUT", pods + "/a", R"({"metadata":{"name":"b"}})").status == 400);
  CHECK(send("POST", pods, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})").status == 400);
  CHECK(send("POST", pods, "not json").status == 400);
  CHECK(send("POST", pods, "a=b", "application/x-www-form-urlencoded").status == 415);
  CHECK(send("GET", pods + "?labelSelector=%3D").status == 400);
  CHECK(send("GET", pods + "?fieldSelector=spec.foo%3Dx").status == 400);
  CHECK(send("POST", "/api/v1/namespaces/nowhere/configmaps", R"({"metadata":{"name":"a"}})").status == 404);
  const auto strict = send("POST", maps + "?fieldValidation=Strict", R"({"metadata":{"name":"s"},"dota":{}})");
  CHECK(strict.status == 400);
  CHECK(strict.body["message"].string_or("").ends_with(R"(strict decoding error: unknown field "dota")"));
  const auto warned = send("POST", maps, R"({"metadata":{"name":"w"},"dota":{}})");
  CHECK(warned.status == 201);
  CHECK(core::header(warned.headers, "Warning") == R"(299 - "unknown field \"dota\"")");
  const auto invalid = send("POST", pods, R"({"metadata":{"name":"i"},"spec":{"containers":[{"name":"c"}]}})");
  CHECK(invalid.status == 422);
  CHECK(invalid.body["details"]["causes"][std::size_t{0}]["field"].string_or("") == "spec.containers[0].image");
}

TEST_CASE_FIXTURE(Served, "server-side apply tells who owns what, and conflicts name the field") {
  const auto apply = [&](const std::string& manager, const std::string& value, const std::string& more = {}) {
    return send("PATCH", maps + "/a?fieldManager=" + manager + more,
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: " + value + "}\n",
                "application/apply-patch+yaml");
  };
  CHECK(apply("one", "x").status == 201);
  const auto again = apply("one", "x");
  CHECK(again.status == 200);
  const auto version = again.body["metadata"]["resourceVersion"].string_or("");
  CHECK(apply("one", "x").body["metadata"]["resourceVersion"].string_or("") == version);
  const auto conflict = apply("two", "y");
  CHECK(conflict.status == 409);
  CHECK(conflict.body["message"].string_or("") == R"(Apply failed with 1 conflict: conflict with "one": .data.k)");
  CHECK(conflict.body["details"]["causes"][std::size_t{0}]["reason"].string_or("") == "FieldManagerConflict");
  CHECK(apply("two", "y", "&force=true").body["data"]["k"].string_or("") == "y");
  CHECK(send("PATCH", maps + "/b", "{}", "application/apply-patch+yaml").status == 422);  // no manager
}

TEST_CASE_FIXTURE(Served, "a dry run answers as the real thing would, and leaves nothing") {
  CHECK(send("POST", maps + "?dryRun=All", R"({"metadata":{"name":"d"}})").status == 201);
  CHECK(send("GET", maps + "/d").status == 404);
  CHECK(send("POST", maps, R"({"metadata":{"name":"d"}})").status == 201);
  CHECK(send("POST", maps + "?dryRun=All", R"({"metadata":{"name":"d"}})").status == 409);
  CHECK(send("DELETE", maps + "/d?dryRun=All").status == 200);
  CHECK(send("GET", maps + "/d").status == 200);
}

TEST_CASE_FIXTURE(Served, "a custom resource is served as soon as its definition is there, and goes with it") {
  const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const auto made = send("POST", definitions, R"({"metadata":{"name":"shirts.shop.example.com"},"spec":{
    "group":"shop.example.com","scope":"Namespaced","names":{"plural":"shirts","kind":"Shirt"},
    "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
      "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{
        "size":{"type":"integer","minimum":1},"color":{"type":"string","default":"red"}}}}}}}]}})");
  CHECK(made.status == 201);
  const std::string shirts = "/apis/shop.example.com/v1/namespaces/demo/shirts";
  for (int i = 0;
       i < 100 && send("GET", definitions + "/shirts.shop.example.com").body["status"]["conditions"].size() < 2; ++i) {
  }
  const auto shirt = send("POST", shirts, R"({"metadata":{"name":"a"},"spec":{"size":3,"unknown":1}})");
  CHECK(shirt.status == 201);
  CHECK(shirt.body["spec"]["color"].string_or("") == "red");
  CHECK(shirt.body["spec"]["unknown"].is_null());
  CHECK(shirt.body["metadata"]["generation"].int_or(0) == 1);
  const auto wrong = send("POST", shirts, R"({"metadata":{"name":"b"},"spec":{"size":0}})");
  CHECK(wrong.status == 422);
  CHECK(wrong.body["details"]["causes"][std::size_t{0}]["field"].string_or("") == "spec.size");
  CHECK(send("PATCH", shirts + "/a", "{}", "application/strategic-merge-patch+json").status == 415);
  CHECK(send("DELETE", definitions + "/shirts.shop.example.com").status == 200);
  int status = 200;
  for (int i = 0; i < 1000 && status != 404; ++i) status = send("GET", definitions + "/shirts.shop.example.com").status;
  CHECK(status == 404);
}

TEST_CASE_FIXTURE(Served, "what engines of ours say of a kind holds as long as its definition is ours") {
  const std::string shelves = "/apis/example.com/v1/namespaces/demo/shelves";
  const std::string definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/shelves.example.com";
  const auto wrong = [](const std::string& name) {
    return R"({"apiVersion":"example.com/v1","kind":"Shelf","metadata":{"labels":{"forbidden":"yes"},"name":")" + name +
           "\"}}";
  };
  CHECK(send("POST", shelves, wrong("a")).status == 400);

  // A label is nobody's definition of his own.
  send("PATCH", definition, R"({"metadata":{"labels":{"seen":"yes"}}})", "application/merge-patch+json");
  CHECK(send("POST", shelves, wrong("a")).status == 400);

  const auto replaced = send("PATCH", definition + "?fieldManager=kubectl&force=true",
                             shelf(R"({"wood":{"type":"string"}})"), "application/apply-patch+yaml");
  CHECK(replaced.status == 200);
  int status = 400;  // until the new definition is served
  for (int i = 0; i < 1000 && status != 201; ++i) status = send("POST", shelves, wrong("a")).status;
  CHECK(status == 201);
  CHECK(send("POST", maps, R"({"metadata":{"name":"a","labels":{"forbidden":"yes"}}})").status == 400);
}

TEST_CASE_FIXTURE(Served, "a Namespace takes what is in it along, and nothing new comes meanwhile") {
  CHECK(send("POST", "/api/v1/namespaces", R"({"metadata":{"name":"short"}})").status == 201);
  CHECK(send("POST", "/api/v1/namespaces/short/configmaps",
             R"({"metadata":{"name":"kept","finalizers":["example.com/mine"]}})")
            .status == 201);
  CHECK(send("DELETE", "/api/v1/namespaces/short").body["status"]["phase"].string_or("") == "Terminating");
  const auto late = send("POST", "/api/v1/namespaces/short/configmaps", R"({"metadata":{"name":"late"}})");
  CHECK(late.status == 403);
  CHECK(late.body["details"]["causes"][std::size_t{0}]["reason"].string_or("") == "NamespaceTerminating");
  // A file that is removed with its Namespace finds the rest of what it made.
  CHECK(send("GET", "/api/v1/namespaces/short/configmaps/kept").body["metadata"]["deletionTimestamp"].is_null());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (!send("GET", "/api/v1/namespaces/short/configmaps/kept").body["metadata"]["deletionTimestamp"].is_null()) break;
  }
  CHECK(send("PATCH", "/api/v1/namespaces/short/configmaps/kept", R"({"metadata":{"finalizers":null}})",
             "application/merge-patch+json")
            .status == 200);
  int status = 200;
  for (int i = 0; i < 2000 && status != 404; ++i) status = send("GET", "/api/v1/namespaces/short").status;
  CHECK(status == 404);
}

TEST_CASE_FIXTURE(Served, "a Pod is bound to a node once, by either door") {
  const auto binding = [](const std::string& name, const std::string& more = "") {
    return R"({"metadata":{"name":")" + name + R"("},"target":{"kind":"Node","name":"n1"})" + more + "}";
  };
  send("POST", pods, pod_a);
  CHECK(send("POST", pods + "/a/binding", binding("b")).status == 400);
  CHECK(send("POST", pods + "/b/binding", binding("b")).status == 404);
  CHECK(send("POST", pods + "/a/binding", R"({"metadata":{"name":"a"},"target":{"kind":"Pod","name":"x"}})").status ==
        500);
  const auto bound = send("POST", pods + "/a/binding", binding("a"));
  CHECK(bound.status == 201);
  CHECK(bound.body["status"].string_or("") == "Success");
  const auto pod = send("GET", pods + "/a").body;
  CHECK(pod["spec"]["nodeName"].string_or("") == "n1");
  const auto& condition = pod["status"]["conditions"][std::size_t{0}];
  CHECK(condition["type"].string_or("") == "PodScheduled");
  CHECK(condition["status"].string_or("") == "True");
  const auto again = send("POST", pods + "/a/binding", binding("a"));
  CHECK(again.status == 409);
  CHECK(again.body["message"].string_or("") ==
        R"(Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1")");

  send("POST", pods, R"({"metadata":{"name":"c"},"spec":{"containers":[{"name":"c","image":"x:1"}]}})");
  CHECK(send("POST", "/api/v1/namespaces/demo/bindings", binding("c")).status == 201);
  CHECK(send("GET", pods + "/c").body["spec"]["nodeName"].string_or("") == "n1");

  const auto gated =
      send("POST", pods, R"({"metadata":{"name":"g"},"spec":{"schedulingGates":[{"name":"example.com/q"}],
    "containers":[{"name":"c","image":"x:1"}]}})");
  CHECK(gated.body["status"]["conditions"][std::size_t{0}]["reason"].string_or("") == "SchedulingGated");
  CHECK(send("POST", pods + "/g/binding", binding("g")).status == 409);
}

TEST_CASE_FIXTURE(Served, "lists come as tables, as metadata alone, and as YAML for whoever asks") {
  send("POST", pods, pod_a);
  const auto table = send("GET", pods, {}, {}, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  CHECK(table.body["kind"].string_or("") == "Table");
  CHECK(table.body["columnDefinitions"][std::size_t{0}]["name"].string_or("") == "Name");
  CHECK(table.body["rows"][std::size_t{0}]["cells"][std::size_t{1}].string_or("") == "0/1");
  const auto metadata = send("GET", pods, {}, {}, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
  CHECK(metadata.body["kind"].string_or("") == "PartialObjectMetadataList");
  CHECK(metadata.body["items"][std::size_t{0}]["spec"].is_null());
  CHECK(send("GET", pods, {}, {}, "image/png").status == 406);
}

TEST_CASE_FIXTURE(Served, "a watch streams lines: what is there, what changes, and what leaves the selector") {
  send("POST", maps, R"({"metadata":{"name":"a","labels":{"app":"x"}}})");
  core::HttpRequest request;
  request.url = url(maps + "?watch=true&labelSelector=app%3Dx");
  std::string text;
  int lines = 0;
  const auto status = net::fetch_stream(request, [&](std::string_view bytes) {
    text += bytes;
    int complete = 0;
    for (const char c : text) complete += c == '\n';
    for (; lines < complete; ++lines) {
      if (lines == 0) send("POST", maps, R"({"metadata":{"name":"b","labels":{"app":"y"}}})");
      if (lines == 0)
        send("PATCH", maps + "/a", R"({"metadata":{"labels":{"app":"y"}}})", "application/merge-patch+json");
      if (lines == 1)
        send("PATCH", maps + "/b", R"({"metadata":{"labels":{"app":"x"}}})", "application/merge-patch+json");
    }
    return lines < 3;
  });
  CHECK(*status == 200);
  CHECK(text.find(R"({"type":"ADDED","object":)") == 0);
  CHECK(text.find(R"({"type":"DELETED","object":)") != std::string::npos);
  CHECK(text.find(R"({"type":"ADDED","object":)", 10) != std::string::npos);
}

TEST_CASE_FIXTURE(Served, "a namespace that a cluster-wide object says is passed over, as charts rely on") {
  const std::string roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
  const auto made = send("POST", roles, R"({"metadata":{"name":"r","namespace":"demo"},"rules":[]})");
  CHECK(made.status == 201);
  CHECK(made.body["metadata"]["namespace"].is_null());
  const auto replaced = send("PUT", roles + "/r", R"({"metadata":{"name":"r","namespace":"other"},"rules":[]})");
  CHECK(replaced.status == 200);
  CHECK(replaced.body["metadata"]["namespace"].is_null());
}

TEST_CASE_FIXTURE(Served, "a scale without a version is written whatever the object's version is") {
  const std::string controllers = "/api/v1/namespaces/demo/replicationcontrollers";
  const auto made = send(
      "POST", controllers,
      R"({"metadata":{"name":"rc"},"spec":{"template":{"metadata":{"labels":{"b":"2","a":"1"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
  CHECK(made.status == 201);
  CHECK(made.body["spec"]["selector"]["a"].string_or("") == "1");
  auto scale = send("GET", controllers + "/rc/scale").body;
  CHECK(scale["status"]["selector"].string_or("") == "a=1,b=2");
  scale.at_or_insert("spec").at_or_insert("replicas") = 3;
  send("PATCH", controllers + "/rc", R"({"metadata":{"labels":{"more":"x"}}})", "application/merge-patch+json");
  CHECK(send("PUT", controllers + "/rc/scale", doc::render_json(scale)).status == 409);
  scale.at_or_insert("metadata").as_object().erase("resourceVersion");
  CHECK(send("PUT", controllers + "/rc/scale", doc::render_json(scale)).body["spec"]["replicas"].int_or(0) == 3);
  CHECK(send("GET", controllers + "/rc").body["spec"]["replicas"].int_or(0) == 3);
}

TEST_CASE_FIXTURE(Served, "what is in order and still not right is told in warnings, of a template too") {
  const auto made = send(
      "POST", "/apis/apps/v1/namespaces/demo/deployments",
      R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","env":[{"name":"A","value":"x"},{"name":"A","value":"y"}]}]}}}})");
  CHECK(made.status == 201);
  CHECK(
      core::header(made.headers, "Warning") ==
      R"(299 - "spec.template.spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply")");
  CHECK(core::header(send("GET", "/api/v1/namespaces/demo/endpoints").headers, "Warning") ==
        R"(299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")");
}

TEST_CASE_FIXTURE(Served, "a watch is told over a WebSocket where a client asks for one, and refusals stay answers") {
  send("POST", maps, R"({"metadata":{"name":"a"}})");
  for (const auto* protocol : {"", "base64.binary.k8s.io"}) {
    net::test::WebSocketClient client(url(maps + "?watch=true&timeoutSeconds=1"), protocol);
    const auto first = client.read();
    REQUIRE(first);
    CHECK(first->opcode == net::Opcode::text);
    CHECK(first->payload.starts_with(R"({"type":"ADDED","object":{)"));
    send("PATCH", maps + "/a", R"({"data":{"k":")" + std::string(protocol) + R"("}})", "application/merge-patch+json");
    const auto second = client.read();
    REQUIRE(second);
    CHECK(second->payload.starts_with(R"({"type":"MODIFIED","object":{)"));
    CHECK(client.read_close_code() == 1000);  // its time is over
  }
  net::test::WebSocketClient refused(url(maps + "?watch=true&resourceVersion=x"), "");
  CHECK(refused.head.starts_with("HTTP/1.1 500 "));  // as the API server has it
}

TEST_CASE_FIXTURE(Served, "a watch list begins with what is there and says where that ends") {
  send("POST", maps, R"({"metadata":{"name":"a"}})");
  core::HttpRequest request;
  request.url =
      url(maps + "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  std::string text;
  REQUIRE(net::fetch_stream(request, [&](std::string_view bytes) {
            text += bytes;
            return text.find("BOOKMARK") == std::string::npos;
          }).has_value());
  CHECK(text.find(R"("name":"a")") < text.find(R"({"type":"BOOKMARK")"));
  CHECK(text.find(R"("k8s.io/initial-events-end":"true")") != std::string::npos);
}

TEST_CASE_FIXTURE(Served, "a version from the future is told to be one, and an old one to list again") {
  const auto future = send("GET", maps + "?resourceVersion=999999");
  CHECK(future.status == 504);
  CHECK(future.body["details"]["causes"][std::size_t{0}]["reason"].string_or("") == "ResourceVersionTooLarge");
  const auto version_of = [](const Answer& answer) { return answer.body["metadata"]["resourceVersion"].string_or(""); };
  const auto exactly = [&](const std::string& version) {
    return send("GET", maps + "?resourceVersionMatch=Exact&resourceVersion=" + version);
  };
  const auto before = version_of(send("GET", maps));
  const auto made = version_of(send("POST", maps, R"({"metadata":{"name":"a"}})"));
  CHECK(exactly(before).body["items"].size() == 0);
  CHECK(exactly(made).body["items"].size() == 1);
  send("PATCH", maps + "/a", R"({"data":{"a":"1"}})", "application/merge-patch+json");
  const auto gone = exactly(made);
  CHECK(gone.status == 410);
  CHECK(gone.body["message"].string_or("") == "The resourceVersion for the provided list is too old.");
}

TEST_CASE_FIXTURE(Served,
                  "a list in pieces is as of its first piece, and what is too old for that can go on all the same") {
  const auto map = [](const std::string& name) { return R"({"metadata":{"name":")" + name + "\"}}"; };
  for (const char* name : {"b", "d", "f", "h"}) send("POST", maps, map(name));
  const auto names = [](const Answer& page) {
    std::string text;
    for (const auto& item : page.body["items"].as_array())
      text += item["metadata"]["name"].string_or("?") + item["data"]["v"].string_or("");
    return text;
  };
  const auto next = [](const Answer& page) { return page.body["metadata"]["continue"].string_or(""); };
  const auto first = send("GET", maps + "?limit=1");
  CHECK(names(first) == "b");
  CHECK(first.body["metadata"]["remainingItemCount"].int_or(0) == 3);
  // What comes, changes and goes meanwhile, on both sides of where the list stands.
  for (const char* name : {"a", "c", "i"}) send("POST", maps, map(name));
  send("PATCH", maps + "/d", R"({"data":{"v":"1"}})", "application/merge-patch+json");
  send("PATCH", maps + "/d", R"({"data":{"v":"2"}})", "application/merge-patch+json");
  send("DELETE", maps + "/f");
  send("DELETE", maps + "/h");
  const auto second = send("GET", maps + "?limit=2&continue=" + next(first));
  CHECK(names(second) == "df");
  CHECK(second.body["metadata"]["remainingItemCount"].int_or(0) == 1);
  CHECK(second.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]);
  const auto third = send("GET", maps + "?limit=2&continue=" + next(second));
  CHECK(names(third) == "h");
  CHECK(next(third).empty());
  CHECK(names(send("GET", maps)) == "abcd2i");

  // A token from before anybody kept what was there.
  const auto pods_of = [&](const std::string& more) { return send("GET", pods + more); };
  send("POST", pods, pod_a);
  send("POST", pods, R"({"metadata":{"name":"b"},"spec":{"containers":[{"name":"c","image":"x:1"}]}})");
  const auto version = pods_of("").body["metadata"]["resourceVersion"].string_or("");
  send("PATCH", pods + "/b", R"({"metadata":{"annotations":{"x":"y"}}})", "application/merge-patch+json");
  const auto token = core::base64(R"({"rv":)" + version + R"(,"ns":"demo","name":"a","left":1})");
  const auto expired = pods_of("?limit=1&continue=" + token);
  CHECK(expired.status == 410);
  CHECK(expired.body["reason"].string_or("") == "Expired");
  CHECK(names(pods_of("?limit=1&continue=" + next(expired))) == "b");
}

TEST_CASE_FIXTURE(Served, "what is too large is refused with the field that is big") {
  const std::string large(1'700'000, 'x');
  const auto map = send("POST", maps, R"({"metadata":{"name":"big"},"data":{"small":"x","large":")" + large + "\"}}");
  CHECK(map.status == 422);  // a ConfigMap has a limit of its own
  const auto object = send("POST", "/apis/apps/v1/namespaces/demo/controllerrevisions",
                           R"({"metadata":{"name":"big"},"revision":1,"data":{"a":"x","b":")" + large + "\"}}");
  CHECK(object.status == 413);
  CHECK(object.body["message"].string_or("").ends_with("most of them are in data.b"));
}

TEST_CASE("every write is checked first and goes on record with who, what and how; refused ones leave nothing") {
  Served served;
  CHECK(served.send("POST", maps, R"({"metadata":{"name":"a"}})").status == 201);
  CHECK(served.send("POST", maps, R"({"metadata":{"name":"b","labels":{"forbidden":"yes"}}})").status == 400);
  CHECK(served.send("PATCH", maps + "/a", R"({"data":{"k":"v"}})", "application/merge-patch+json").status == 200);
  CHECK(served.send("PUT", maps + "/a", R"({"metadata":{"name":"a","labels":{"forbidden":"yes"}}})").status == 400);
  CHECK(served.send("GET", maps + "/a").body["data"]["k"].string_or("") == "v");
  CHECK(served.send("DELETE", maps + "/a").status == 200);
  CHECK(served.send("POST", "/apis/coordination.k8s.io/v1/namespaces/demo/leases", R"({"metadata":{"name":"l"}})")
            .status == 201);
  CHECK(served.recorded() == std::vector<std::string>{
                                 "system:anonymous created ConfigMap demo/a, POST " + maps,
                                 "system:anonymous patched ConfigMap demo/a, PATCH " + maps + "/a",
                                 "system:anonymous deleted ConfigMap demo/a, DELETE " + maps + "/a",
                             });
}
