// The store against answers that a real server seldom gives: failures on the way, and watches that break off.

#include "objects/kubernetes/remote_store.hpp"

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "objects/kubernetes/status_error.hpp"
#include "objects/kubernetes/wire_test.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::objects::kubernetes;
using test::answer;

namespace {

std::string map_text(const std::string& name, int version, const std::string& uid = "u1") {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"(","namespace":"demo","uid":")" +
         uid + R"(","resourceVersion":")" + std::to_string(version) + "\"}}";
}
std::string list_text(int version, const std::vector<std::string>& items, const std::string& token = "") {
  std::string text = R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":")" +
                     std::to_string(version) + R"(","continue":")" + token + R"("},"items":[)";
  for (const auto& item : items) text += (text.ends_with('[') ? "" : ",") + item;
  return text + "]}";
}
std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string status_text(int code, const std::string& reason, const std::string& message = "m") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message + R"(","reason":")" + reason +
         R"(","details":{"name":"a"},"code":)" + std::to_string(code) + "}";
}

struct Fixture {
  Fixture() {
    KubeConfig config;
    config.server = "https://api";
    config.token = "t";
    auto owned = std::make_unique<test::ScriptedWire>(world.loop);
    wire = owned.get();
    store.emplace(world, std::move(owned), config, KubernetesOptions{});
  }
  std::unique_ptr<Watch> watch(const std::string& from = {}) {
    auto opened = store->watch(kinds::config_map, from, [this](const WatchEvent& told) {
      static constexpr const char* names[] = {"added ", "modified ", "deleted ", "bookmark "};
      seen.push_back(names[static_cast<int>(told.type)] + told.object.name().name + " " +
                     told.object.resource_version());
    });
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().one_line()));
    return std::move(*opened);
  }
  void settle(Duration time = std::chrono::milliseconds(10)) { simulated.run_for(time); }
  std::string stream_url() const { return wire->streams.back()->request.url; }
  Object held(const std::string& name) { return Object(*doc::parse_json(map_text(name, 5))); }

  core::SimulatedWorld simulated{3};
  core::World world = simulated.world();
  test::ScriptedWire* wire = nullptr;
  std::optional<RemoteStore> store;
  std::vector<std::string> seen;
};
using Seen = std::vector<std::string>;
const Name a{"demo", "a"};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a read is tried again whatever went wrong, and waits as long as the server asks") {
  wire->then_fail(Code::unavailable, true)
      .then(answer(503, "upstream connect error"))
      .then(answer(429, status_text(429, "TooManyRequests"), {{"Retry-After", "3"}}))
      .then(answer(200, map_text("a", 1)));
  CHECK(store->get(kinds::config_map, a)->resource_version() == "1");
  REQUIRE(wire->pauses.size() == 3);
  CHECK(wire->pauses[0] <= std::chrono::milliseconds(50));
  CHECK(wire->pauses[1] >= std::chrono::milliseconds(50));
  CHECK(wire->pauses[2] == std::chrono::seconds(3));
  CHECK(wire->requests[0].url == "https://api/api/v1/namespaces/demo/configmaps/a");
  CHECK(core::header(wire->requests[0].headers, "Authorization") == "Bearer t");

  wire->then(answer(429, status_text(429, "TooManyRequests"), {{"Retry-After", "30"}}));  // longer than the deadline
  const auto refused = store->get(kinds::config_map, a);
  CHECK(refused.error().code == Code::unavailable);
  CHECK(wire->pauses.size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "who waits for the loop does not wait for a server that is away: it is asked now and then") {
  const auto get = [&] { return store->get(kinds::config_map, a); };
  wire->on_pause = [&](Duration duration) { simulated.run_for(duration); };
  for (int i = 0; i < 40; ++i) wire->then_fail(Code::unavailable, false);
  const auto before = world.clock.monotonic();
  CHECK(get().error().hint.starts_with("tried "));
  CHECK(world.clock.monotonic() - before >= std::chrono::seconds(8));
  const auto asked = wire->requests.size();
  for (int i = 0; i < 100; ++i) CHECK(get().error().code == Code::unavailable);
  CHECK(wire->requests.size() == asked);

  settle(std::chrono::seconds(1));
  CHECK_FALSE(get());
  CHECK_FALSE(get());
  CHECK(wire->requests.size() == asked + 1);
  CHECK(wire->requests.back().timeout <= std::chrono::milliseconds(500));

  wire->forget_answers();
  settle(std::chrono::seconds(6));
  wire->then(answer(200, map_text("a", 1))).then(answer(503, "starting")).then(answer(200, map_text("a", 2)));
  CHECK(get()->resource_version() == "1");
  CHECK(get()->resource_version() == "2");  // it is there again: worth waiting for
}

TEST_CASE_FIXTURE(Fixture, "a status is written with the rest only where the object was there and its door was not") {
  const auto not_found = answer(404, status_text(404, "NotFound"));
  const auto last = [&] { return wire->requests.back().method + " " + wire->requests.back().url; };
  // Somebody made it again meanwhile: that says nothing of the door.
  wire->then(not_found).then(answer(200, map_text("a", 6)));
  CHECK(store->update_status(held("a")).error().code == Code::conflict);
  wire->then(not_found).then(answer(200, map_text("a", 5))).then(answer(200, map_text("a", 6)));
  CHECK(store->update_status(held("a"))->resource_version() == "6");
  CHECK(last() == "PUT https://api/api/v1/namespaces/demo/configmaps/a?fieldManager=slipway");
  wire->then(answer(200, map_text("a", 5))).then(answer(200, map_text("a", 6)));
  CHECK(store->update_status(held("a"))->resource_version() == "6");
}

TEST_CASE_FIXTURE(Fixture, "a write is tried again only when it surely was not done, or may be done twice") {
  const auto fresh = Object::make(kinds::config_map, a);
  wire->then_fail(Code::unavailable, false)
      .then(answer(429, status_text(429, "TooManyRequests")))
      .then(answer(201, map_text("a", 1)));
  CHECK(store->create(fresh));
  wire->then_fail(Code::unavailable, true);
  CHECK(store->create(fresh).error().code == Code::unavailable);
  wire->then(answer(500, status_text(500, "InternalError")));
  CHECK(store->create(fresh).error().code == Code::unavailable);
  wire->then(answer(502, "<html>"));
  CHECK(store->remove(kinds::config_map, a).error().code == Code::unavailable);

  // With a resourceVersion the second one would be a conflict.
  wire->then_fail(Code::unavailable, true).then(answer(200, map_text("a", 6)));
  CHECK(store->update(held("a"))->resource_version() == "6");
  // With a uid, what is not there any more was removed by the first attempt.
  DeleteOptions options;
  options.uid_precondition = "u1";
  wire->then_fail(Code::unavailable, true).then(answer(404, status_text(404, "NotFound")));
  CHECK(store->remove(kinds::config_map, a, options));
  wire->then(answer(404, status_text(404, "NotFound")));
  CHECK(store->remove(kinds::config_map, a, options).error().code == Code::not_found);
}

TEST_CASE("an API server's refusals become our codes, in its own words") {
  struct Row {
    int http;
    std::string body;
    Code code;
    std::string message;
  };
  const Row rows[] = {
      {404, status_text(404, "NotFound", "gone"), Code::not_found, "gone"},
      {404, "404 page not found\n", Code::failed_precondition, "the API server does not serve GET /x"},
      {409, status_text(409, "AlreadyExists"), Code::already_exists, "m"},
      {409, status_text(409, "Conflict"), Code::conflict, "m"},
      {410, status_text(410, "Expired"), Code::gone, "m"},
      {413, status_text(413, "RequestEntityTooLarge"), Code::resource_exhausted, "m"},
      {422, status_text(422, "Invalid"), Code::invalid_argument, "m"},
      {401, status_text(401, "Unauthorized"), Code::unauthenticated, "m"},
      {403, status_text(403, "Forbidden"), Code::permission_denied, "m"},
      {504, status_text(504, "Timeout"), Code::deadline_exceeded, "m"},
      {502, "<html>bad gateway</html>", Code::unavailable, "GET /x was answered with status 502"},
      {503, "no healthy upstream", Code::unavailable, "GET /x was answered with status 503: no healthy upstream"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.http);
    const auto error = error_of_response(row.http, row.body, "GET /x");
    CHECK(error.code == row.code);
    CHECK(error.message == row.message);
  }
  const auto invalid =
      error_of_response(422, R"({"kind":"Status","message":"is invalid","reason":"Invalid","details":{"causes":[
            {"reason":"FieldValueForbidden","message":"no new finalizers","field":"metadata.finalizers"}]}})",
                        "PUT /x");
  CHECK(invalid.code == Code::failed_precondition);
  CHECK(invalid.one_line() == "is invalid: metadata.finalizers: no new finalizers");
}

TEST_CASE_FIXTURE(Fixture, "a list whose version is forgotten between two pages begins again") {
  wire->then(answer(200, list_text(10, {map_text("a", 1)}, "next")))
      .then(answer(410, status_text(410, "Expired")))
      .then(answer(200, list_text(12, {map_text("b", 2)}, "next")))
      .then(answer(200, list_text(12, {map_text("a", 11)})));
  const auto list = store->list(kinds::config_map, {});
  REQUIRE(list);
  CHECK(list->resource_version == "12");
  REQUIRE(list->items.size() == 2);
  CHECK(list->items[0].resource_version() == "11");
  CHECK(wire->requests[0].url == "https://api/api/v1/configmaps?limit=500");
  CHECK(wire->requests[1].url == "https://api/api/v1/configmaps?limit=500&continue=next");
}

TEST_CASE_FIXTURE(Fixture,
                  "however many watch a kind, there is one list and one stream, and it ends with the last of them") {
  wire->then(answer(200, list_text(7, {map_text("a", 3)})));
  auto one = watch();
  auto two = watch();
  CHECK(seen.empty());
  settle();
  CHECK(seen == Seen{"added a 3", "added a 3"});
  CHECK(wire->streams.size() == 1);
  const auto url = stream_url();
  CHECK(url.find("watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=") != std::string::npos);
  const auto seconds = std::stoi(url.substr(url.rfind('=') + 1));
  CHECK(seconds >= 300);
  CHECK(seconds < 600);
  one.reset();
  wire->say(event("MODIFIED", map_text("a", 8)));
  settle();
  CHECK(seen == Seen{"added a 3", "added a 3", "modified a 8"});
  CHECK(wire->has_open_stream());
  two.reset();
  CHECK_FALSE(wire->has_open_stream());
}

TEST_CASE_FIXTURE(Fixture, "a watch goes on from the last version, bookmarks too, however its stream ends") {
  wire->then(answer(200, list_text(7, {})));
  const auto watching = watch();
  const auto whole = event("ADDED", map_text("a", 8));
  wire->say(whole.substr(0, 20));  // events come in pieces
  wire->say(whole.substr(20) + event("BOOKMARK", map_text("", 11)));
  wire->end();
  settle();
  CHECK(stream_url().find("resourceVersion=11&") != std::string::npos);  // at once
  CHECK(wire->streams.size() == 2);
  wire->end(fail(Code::unavailable, "connection reset"));  // before there was a head
  settle();
  CHECK(wire->streams.size() == 2);
  settle(std::chrono::seconds(1));
  CHECK(wire->streams.size() == 3);
  wire->say(status_text(503, "ServiceUnavailable"), 503, {{"Retry-After", "5"}});
  wire->end();
  settle(std::chrono::milliseconds(4900));
  CHECK(wire->streams.size() == 3);
  settle(std::chrono::milliseconds(200));
  CHECK(wire->streams.size() == 4);
  wire->say("no event\n");
  settle(std::chrono::seconds(10));
  CHECK(wire->streams.size() == 5);
  wire->say(event("DELETED", map_text("a", 14)));
  settle();
  CHECK(seen == Seen{"added a 8", "deleted a 14"});
}

TEST_CASE_FIXTURE(Fixture, "a server that stays away is asked less and less often") {
  wire->then(answer(200, list_text(7, {})));
  const auto watching = watch();
  for (int i = 0; i < 8; ++i) {
    wire->end(fail(Code::unavailable, "connection refused"));
    settle(std::chrono::seconds(31));
    CHECK(wire->streams.size() == static_cast<std::size_t>(i + 2));
  }
  wire->end(fail(Code::unavailable, "connection refused"));
  settle(std::chrono::seconds(14));
  CHECK(wire->streams.size() == 9);
}

TEST_CASE_FIXTURE(Fixture, "a version that is forgotten means a new list, and only what is different is told") {
  wire->then(answer(200, list_text(7, {map_text("a", 1), map_text("b", 2), map_text("c", 3), map_text("d", 4)})));
  const auto watching = watch();
  settle();
  seen.clear();
  wire->then(
      answer(200, list_text(20, {map_text("a", 1), map_text("b", 15), map_text("d", 17, "u2"), map_text("e", 18)})));
  wire->say(event("ERROR", status_text(410, "Expired")) + event("ADDED", map_text("x", 9)));
  settle();
  CHECK(seen == Seen{"deleted c 3", "deleted d 4", "modified b 15", "added d 17", "added e 18"});
  CHECK(stream_url().find("resourceVersion=20&") != std::string::npos);
  wire->then(answer(403, status_text(403, "Forbidden")));
  wire->say(status_text(410, "Expired"), 410);
  wire->end();
  settle();
  CHECK(wire->streams.size() == 2);
  wire->then(answer(200, list_text(30, {map_text("a", 1)})));
  settle(std::chrono::seconds(1));  // the list is tried again
  CHECK(seen.size() == 8);
  CHECK(stream_url().find("resourceVersion=30&") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "what a server repeats or tells of another object of the name is still one history") {
  wire->then(answer(200, list_text(7, {map_text("a", 1)})));
  const auto watching = watch();
  wire->say(event("ADDED", map_text("a", 1)) + event("ADDED", map_text("a", 8)) +
            event("MODIFIED", map_text("a", 9, "u2")) + event("DELETED", map_text("z", 10)));
  settle();
  CHECK(seen == Seen{"added a 1", "modified a 8", "deleted a 8", "added a 9"});
}

TEST_CASE_FIXTURE(Fixture, "a watch from a version is refused at once when the server does not know it any more") {
  wire->next_peek = Peek{200, event("ERROR", status_text(410, "Expired"))};
  const auto ignore = [](const WatchEvent&) {};
  CHECK(store->watch(kinds::config_map, "1", ignore).error().code == Code::gone);
  wire->next_peek = Peek{400, status_text(400, "BadRequest")};
  CHECK(store->watch(kinds::config_map, "x", ignore).error().code == Code::invalid_argument);
  wire->next_peek = Peek{200, event("ADDED", map_text("a", 8))};
  const auto watching = watch("7");
  wire->say(event("MODIFIED", map_text("a", 8)) + event("DELETED", map_text("b", 9)));
  settle();
  CHECK(seen == Seen{"modified a 8", "deleted b 9"});
}

TEST_CASE_FIXTURE(Fixture, "a callback may end its own watch, and the store may go before its watches") {
  wire->then(answer(200, list_text(7, {map_text("a", 1), map_text("b", 2)})));
  std::unique_ptr<Watch> own;
  auto opened = store->watch(kinds::config_map, "", [&](const WatchEvent& told) {
    seen.push_back(told.object.name().name);
    own.reset();
  });
  own = std::move(*opened);
  settle();
  CHECK(seen == Seen{"a"});
  wire->then(answer(200, list_text(7, {map_text("a", 1)})));
  auto last = watch();
  store.reset();
  settle();
  last.reset();
  CHECK(seen.size() == 2);
}

TEST_CASE_FIXTURE(Fixture,
                  "kinds that nobody listed are found by discovery, and groups without a dot have another name there") {
  wire->then(answer(200, R"({"resources":[{"name":"widgets","kind":"Widget","namespaced":true},
                                          {"name":"widgets/status","kind":"Widget","namespaced":true}]})"))
      .then(answer(
          201, R"({"apiVersion":"shop.example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"demo"}})"));
  const auto kind = store->find_kind("shop.example.com/v1", "Widget");
  REQUIRE(kind);
  CHECK(kind->plural == "widgets");
  CHECK(store->create(Object::make(*kind, {"demo", "w"})));
  CHECK(wire->requests[0].url == "https://api/apis/shop.example.com/v1");
  CHECK(wire->requests[1].url.starts_with("https://api/apis/shop.example.com/v1/namespaces/demo/widgets?"));
  wire->then(answer(404, "404 page not found"));
  CHECK(store->find_kind("no.example.com/v1", "X").error().message == "no kind \"X\" in version \"no.example.com/v1\"");

  wire->then(answer(201, R"({"apiVersion":"openslo.com/v1","kind":"SLO","metadata":{"name":"s","resourceVersion":"4",
    "ownerReferences":[{"apiVersion":"openslo.com/v1","kind":"SLO","name":"o","uid":"u"}]}})"));
  auto slo = Object::make(kinds::slo, {"", "s"});
  const auto made = store->create(slo);
  REQUIRE(made);
  CHECK(wire->requests.back().url.starts_with("https://api/apis/openslo.com/v1/slos?"));
  CHECK((*doc::parse_json(wire->requests.back().body))["apiVersion"].string_or("") == "openslo.com/v1");
  CHECK(made->api_version() == "openslo/v1");
  CHECK(made->owners().front().api_version == "openslo/v1");
}

TEST_CASE("a definition goes to a server under its name for the group, and says of metadata what a server takes") {
  const auto ours = *doc::parse_yaml(
      "metadata: {name: slos.openslo}\nspec:\n  group: openslo\n  names: {plural: slos}\n  versions:\n"
      "  - {name: v1, schema: {openAPIV3Schema: {type: object, properties: {metadata: {type: object, properties: "
      "{displayName: {type: string}}}, spec: {type: object}}}}}\n",
      "test.yaml");
  const auto theirs = definition_for_server(ours);
  CHECK(theirs["metadata"]["name"].string_or("") == "slos.openslo.com");
  CHECK(theirs["spec"]["group"].string_or("") == "openslo.com");
  const auto& properties = theirs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
  CHECK(doc::render_json(properties) == R"({"metadata":{"type":"object"},"spec":{"type":"object"}})");
}

TEST_CASE_FIXTURE(Fixture, "server-side apply says who speaks, and whether by force") {
  wire->then(answer(200, map_text("a", 9)));
  REQUIRE(store->apply_fields(Object::make(kinds::config_map, a), {"robot & co", true}));
  const auto& request = wire->requests.back();
  CHECK(request.method == "PATCH");
  CHECK(request.url.ends_with("/configmaps/a?fieldManager=robot%20%26%20co&force=true"));
  CHECK(core::header(request.headers, "Content-Type") == "application/apply-patch+yaml");
  wire->then(answer(409, status_text(409, "Conflict", "Apply failed with 1 conflict")));
  CHECK(store->apply_fields(Object::make(kinds::config_map, a), {"robot", false}).error().code == Code::conflict);
}
