#include "gateway/publisher/publisher.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "gateway/simulated/simulated_gateway.hpp"
#include "gateway/traffic/test_rules.hpp"
#include "objects/kinds.hpp"
#include "support/stores.hpp"

using namespace slipway;
using namespace slipway::gateway;
using namespace std::chrono_literals;
namespace kinds = slipway::objects::kinds;

namespace {

struct RecordedResponse : net::Responder {
  void send(net::Response r) override { response = std::move(r); }
  void begin(int, core::Headers) override {}
  bool write(std::string_view) override { return true; }
  void end() override {}
  bool is_open() const override { return !response; }
  void on_close(std::function<void()>) override {}
  std::optional<net::Response> response;
};

struct Events : core::EventSink {
  void record(core::Event event) override { all.push_back(std::move(event)); }
  std::vector<core::Event> all;
};

struct Fixture {
  core::SimulatedWorld world{11};
  core::World parts = world.world();
  support::StoreUnderTest place;
  std::unique_ptr<objects::Store> store = place.open();
  Events events;
  std::unique_ptr<publisher::Publisher> publisher;

  explicit Fixture(const support::StoreEntry& entry = support::in_memory()) : place(entry, world, {"prod"}) {
    apply(traffic::chat_world(9001, 9002));
    apply(traffic::virtual_service(traffic::weighted(100, 0)));
    start();
  }
  void start() {
    publisher = std::make_unique<publisher::Publisher>(
        parts, *store, publisher::Options{.events = &events, .kept_rules = "/data/gateway-rules.json"});
    REQUIRE(publisher->start().has_value());
    settle();
  }
  void settle() { world.run_for(200ms); }
  void apply(const std::string& yaml) {
    auto objects = objects::parse_manifest(yaml, "test.yaml");
    REQUIRE(objects.has_value());
    for (objects::Object& object : *objects) {
      auto applied = store->apply(object);
      REQUIRE_MESSAGE(applied.has_value(), (applied ? "" : applied.error().render()));
    }
  }
  void apply_weights(int stable, int canary) { apply(traffic::virtual_service(traffic::weighted(stable, canary))); }
  int canary_weight() const { return publisher->current()->routes.at(0).rule.destinations.at(1).weight; }
  std::shared_ptr<RecordedResponse> poll(std::uint64_t after) {
    net::Request request;
    request.query = {{"after", std::to_string(after)}};
    auto response = std::make_shared<RecordedResponse>();
    publisher->serve_snapshot(std::move(request), response);
    return response;
  }
};

constexpr const char* broken = "  - route: [{destination: {hots: chat}}]\n";

}  // namespace

TEST_CASE_ON_EVERY_STORE(Fixture, "rules and endpoints become a snapshot, and each change a newer one") {
  REQUIRE(publisher->current());
  const auto first = publisher->current()->version;
  CHECK(publisher->current()->backends.at(0).endpoints.at(0).port == 9001);
  apply_weights(90, 10);
  settle();
  CHECK(publisher->current()->version > first);
  CHECK(canary_weight() == 10);
  REQUIRE(store->remove(kinds::endpoint_slice, {"prod", "chat-2"}).has_value());
  settle();
  CHECK(publisher->current()->backends.at(1).endpoints.empty());
}

TEST_CASE_ON_EVERY_STORE(Fixture, "what changes no rule and no endpoint is no news") {
  const auto before = publisher->current()->version;
  REQUIRE(objects::modify(*store, kinds::pod, {"prod", "chat-1"}, [](objects::Object& pod) {
            pod.set_annotation("note", "x");
            return true;
          }).has_value());
  settle();
  CHECK(publisher->current()->version == before);
}

TEST_CASE_ON_EVERY_STORE(Fixture,
                         "a broken rule is reported, its last good version stays, and endpoints go on changing") {
  apply_weights(90, 10);
  settle();
  apply(traffic::virtual_service(broken));
  REQUIRE(store->remove(kinds::endpoint_slice, {"prod", "chat-2"}).has_value());
  settle();
  CHECK(canary_weight() == 10);
  CHECK(publisher->current()->backends.at(1).endpoints.empty());
  REQUIRE(publisher->report().problems.size() == 1);
  CHECK(publisher->report().problems[0].object == "VirtualService prod/chat");
  CHECK(publisher->report().problems[0].one_line().find("hots") != std::string::npos);
  REQUIRE(events.all.size() == 1);
  CHECK(events.all[0].action == "rejected");
  apply_weights(50, 50);
  settle();
  CHECK(canary_weight() == 50);
  CHECK(publisher->report().problems.empty());
  CHECK(events.all.back().action == "accepted");
}

TEST_CASE_ON_EVERY_STORE(Fixture, "the last good version outlives a crash of the control plane") {
  apply_weights(90, 10);
  settle();
  apply(traffic::virtual_service(broken));
  settle();
  const auto before = publisher->current()->version;
  publisher.reset();
  world.crash_control_plane();
  world.run_for(1s);
  start();
  CHECK(canary_weight() == 10);
  CHECK(publisher->current()->version > before);  // versions are never used twice
}

TEST_CASE_ON_EVERY_STORE(
    Fixture, "a rule that was deleted while the control plane was down does not come back with a broken one") {
  const std::size_t routes = publisher->current()->routes.size();
  publisher.reset();
  REQUIRE(store->remove(kinds::virtual_service, {"prod", "chat"}).has_value());
  start();
  CHECK(publisher->current()->routes.size() < routes);
  apply(traffic::virtual_service(broken));
  settle();
  CHECK(publisher->current()->routes.size() < routes);
}

TEST_CASE_FIXTURE(Fixture, "a gateway that has the newest rules waits for newer ones, at most 25 s") {
  const auto now = publisher->current()->version;
  const auto old = poll(0);
  REQUIRE(old->response);
  CHECK(traffic::snapshot_from_json(*core::doc::parse_json(old->response->body))->version == now);

  const auto waiting = poll(now);
  CHECK(!waiting->response);
  apply_weights(80, 20);
  settle();
  REQUIRE(waiting->response);
  CHECK(waiting->response->status == 200);

  const auto idle = poll(publisher->current()->version);
  world.run_for(24s);
  CHECK(!idle->response);
  world.run_for(2s);
  REQUIRE(idle->response);
  CHECK(idle->response->status == 204);

  // A gateway that knows a version from another life takes what there is.
  CHECK(poll(now + 1'000'000'000)->response.has_value());
}

TEST_CASE_FIXTURE(Fixture, "the simulated gateway serves by the publisher's snapshots, sticky and counted") {
  for (int port : {9001, 9002}) {
    REQUIRE(world
                .serve("127.0.0.1", port,
                       [port](core::HttpRequest request, auto done) {
                         CHECK(core::header(request.headers, "host") == "chat.example.com");
                         done(core::HttpResponse{port == 9002 ? 500 : 200,
                                                 {{"x-slipway-first-token-seconds", "0.25"}},
                                                 std::to_string(port)});
                       })
                .has_value());
  }
  simulated::SimulatedGateway edge(world, "127.0.0.1", 8081);
  REQUIRE(edge.start().has_value());
  publisher->follow(edge.follower());

  std::map<std::string, std::string> served;
  const auto ask_all = [&] {
    served.clear();
    for (int user = 0; user < 200; ++user) {
      core::HttpRequest request;
      request.method = "POST";
      request.url = edge.url() + "/v1/chat/completions";
      const std::string name = "user-" + std::to_string(user);
      request.headers = {{"Host", "chat.example.com"}, {"x-user", name}};
      parts.http.send(request, [&served, name](Result<core::HttpResponse> response) {
        served[name] = response ? response->body : "error";
      });
    }
    world.run_for(1s);
  };
  ask_all();
  CHECK(std::all_of(served.begin(), served.end(), [](const auto& s) { return s.second == "9001"; }));
  apply_weights(80, 20);
  settle();
  ask_all();
  const auto first = served;
  const auto canaries = std::count_if(served.begin(), served.end(), [](const auto& s) { return s.second == "9002"; });
  CHECK(canaries > 20);
  CHECK(canaries < 60);
  ask_all();
  CHECK(served == first);
  CHECK(edge.metrics().requests({{"destination_version", "v2"}, {"response_code", "500"}}) ==
        static_cast<double>(2 * canaries));
  CHECK(edge.metrics().first_tokens({{"destination_version", "v2"}}) == 0);  // failures have none
  CHECK(edge.metrics().in_flight() == 0);

  // Control plane gone: the gateway serves on.
  publisher.reset();
  world.crash_control_plane();
  ask_all();
  CHECK(served == first);
}

TEST_CASE_FIXTURE(Fixture, "in the simulated gateway too, a subset without endpoints fails for its share alone") {
  REQUIRE(world.serve("127.0.0.1", 9001, [](core::HttpRequest, auto done) { done(core::HttpResponse{200, {}, "ok"}); })
              .has_value());
  apply_weights(50, 50);
  REQUIRE(store->remove(kinds::endpoint_slice, {"prod", "chat-2"}).has_value());
  settle();
  simulated::SimulatedGateway edge(world, "127.0.0.1", 8081);
  REQUIRE(edge.start().has_value());
  publisher->follow(edge.follower());
  for (int i = 0; i < 100; ++i) {
    core::HttpRequest request;
    request.url = edge.url() + "/";
    request.headers = {{"Host", "chat.example.com"}, {"x-session-id", std::to_string(i)}};
    parts.http.send(request, [](Result<core::HttpResponse>) {});
  }
  world.run_for(1s);
  const double failed = edge.metrics().requests({{"response_code", "503"}, {"response_flags", "UH"}});
  CHECK(failed > 30);
  CHECK(failed < 70);
  CHECK(edge.metrics().requests({{"response_code", "200"}}) == 100 - failed);
}
