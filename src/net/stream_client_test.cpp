#include "net/stream_client.hpp"

#include <atomic>

#include "core/world/real.hpp"
#include "net/certificates_test.hpp"
#include "net/test_support.hpp"

namespace slipway::net {
namespace {

using test::Site;

struct Follower {
  core::RealWorld world;
  IoThread io;
  std::unique_ptr<StreamClient> client = make_stream_client(io, world.loop());
  int status = 0;
  core::Headers headers;
  std::string body;
  std::optional<core::Result<>> end;
  std::unique_ptr<StreamHandle> handle;

  StreamEvents events() {
    StreamEvents made;
    made.on_head = [this](int code, const core::Headers& all) {
      CHECK(world.loop().on_this_thread());
      CHECK(body.empty());
      status = code;
      headers = all;
    };
    made.on_body = [this](std::string_view bytes) {
      CHECK(world.loop().on_this_thread());
      CHECK_FALSE(end);
      body += bytes;
    };
    made.on_end = [this](core::Result<> result) {
      end = std::move(result);
      world.stop();
    };
    return made;
  }
  // Until the end.
  void follow(const core::HttpRequest& request, StreamOptions options = {}) {
    body.clear();
    end.reset();
    handle = client->open(request, options, events());
    world.run();
  }
  ~Follower() {
    handle.reset();
    client.reset();
  }
};

core::HttpRequest get(const std::string& url) {
  core::HttpRequest request;
  request.url = url;
  request.timeout = std::chrono::seconds(20);
  return request;
}

}  // namespace

TEST_CASE("a stream arrives piece by piece, and its connection is used again when it ended") {
  Site site;
  site.router.add("GET", "/watch", [](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {{"X-Remote", request.remote}});
    for (int i = 0; i < 100; ++i) CHECK(responder->write("event " + std::to_string(i) + "\n"));
    responder->end();
  });
  site.router.add("GET", "/whole", [](const Request& request, const std::shared_ptr<Responder>& responder) {
    Response response = Response::text(404, "nothing here");
    response.headers.emplace_back("X-Remote", request.remote);
    responder->send(std::move(response));
  });
  site.start();
  Follower follower;
  follower.follow(get(site.url("/watch")));
  CHECK(follower.status == 200);
  CHECK(follower.end->has_value());
  CHECK(follower.body.starts_with("event 0\nevent 1\n"));
  CHECK(follower.body.ends_with("event 99\n"));
  const std::string remote(core::header(follower.headers, "X-Remote"));
  follower.follow(get(site.url("/whole")));
  CHECK(follower.status == 404);
  CHECK(follower.body == "nothing here");
  CHECK(core::header(follower.headers, "X-Remote") == remote);
}

TEST_CASE("a stream over TLS is the same") {
  const test::Authority authority;
  Site site;
  site.options.tls = authority.serve();
  site.router.add("GET", "/watch", [](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    for (int i = 0; i < 10; ++i) CHECK(responder->write(std::string(50'000, 'a')));
    responder->end();
  });
  site.start();
  Follower follower;
  core::HttpRequest request = get("https://localhost:" + std::to_string(site.port()) + "/watch");
  request.tls = std::make_shared<const core::TlsSettings>(authority.trust());
  follower.follow(request);
  CHECK(follower.end->has_value());
  CHECK(follower.body.size() == 500'000);
  request.tls = nullptr;
  follower.status = 0;
  follower.follow(request);
  CHECK(follower.end->error().code == Code::failed_precondition);
  CHECK(follower.status == 0);
}

TEST_CASE("events of a stream that does not end are there at once") {
  Site site;
  std::shared_ptr<Responder> kept;
  site.router.add("GET", "/watch", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("first"));
    kept = responder;
  });
  site.start();
  Follower follower;
  StreamEvents events = follower.events();
  events.on_body = [&](std::string_view bytes) {
    follower.body += bytes;
    if (follower.body == "first") CHECK(kept->write("second"));
    if (follower.body == "firstsecond") follower.world.stop();
  };
  follower.handle = follower.client->open(get(site.url("/watch")), {}, events);
  follower.world.run();
  CHECK(follower.body == "firstsecond");
  CHECK_FALSE(follower.end);
}

TEST_CASE("destroying the handle cancels: the server sees the client leave and nothing arrives any more") {
  Site site;
  std::promise<void> left;
  site.router.add("GET", "/watch", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("first"));
    responder->on_close([&left, responder] { left.set_value(); });
  });
  site.start();
  Follower follower;
  StreamEvents events = follower.events();
  const auto witness = std::make_shared<int>(0);
  events.on_body = [&, witness](std::string_view) {
    follower.handle.reset();  // inside its own callback
    CHECK(witness.use_count() > 1);
    follower.world.stop();
  };
  follower.handle = follower.client->open(get(site.url("/watch")), {}, std::exchange(events, {}));
  follower.world.run();
  auto future = left.get_future();
  test::wait_for(future);
  CHECK_FALSE(follower.end);
  CHECK(witness.use_count() == 1);
}

TEST_CASE("a loop that does not drain makes the server wait, and then nothing is lost") {
  Site site;
  constexpr std::size_t total = std::size_t{32} * 1024 * 1024;
  site.router.add("GET", "/plain", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->send(Response::text(200, std::string(total, 'x')));
  });
  site.start();
  Follower follower;
  StreamOptions options;
  options.max_unread = 64 * 1024;
  std::size_t most_at_once = 0;
  StreamEvents events = follower.events();
  std::size_t got = 0;
  bool has_slept = false;
  events.on_body = [&](std::string_view bytes) {
    if (!std::exchange(has_slept, true)) core::sleep_for(std::chrono::milliseconds(200));  // the loop is busy
    most_at_once = std::max(most_at_once, bytes.size());
    got += bytes.size();
  };
  follower.handle = follower.client->open(get(site.url("/plain")), options, events);
  follower.world.run();
  REQUIRE(follower.end);
  CHECK(follower.end->has_value());
  CHECK(got == total);
  CHECK(most_at_once <= 16 * 1024);
}

TEST_CASE("what goes wrong with a stream ends it with an error that says what") {
  Site site;
  std::vector<std::shared_ptr<Responder>> kept;
  site.router.add("GET", "/silent",
                  [&](const Request&, const std::shared_ptr<Responder>& responder) { kept.push_back(responder); });
  site.router.add("GET", "/stuck", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("first"));
    kept.push_back(responder);
  });
  site.router.add("GET", "/cut", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("half"));
  });
  site.start();
  Follower follower;
  core::HttpRequest impatient = get(site.url("/silent"));
  impatient.timeout = std::chrono::milliseconds(50);
  follower.follow(impatient);
  CHECK(follower.end->error().code == Code::deadline_exceeded);
  CHECK(follower.end->error().message.contains("no answer within"));
  StreamOptions options;
  options.idle_timeout = std::chrono::milliseconds(50);
  follower.follow(get(site.url("/stuck")), options);
  CHECK(follower.end->error().code == Code::deadline_exceeded);
  CHECK(follower.end->error().message.contains("no byte of the answer"));
  CHECK(follower.body == "first");
  follower.follow(get(site.url("/cut")));
  CHECK(follower.end->error().code == Code::unavailable);
  follower.follow(get("nonsense"));
  CHECK(follower.end->error().code == Code::invalid_argument);
  site.server.reset();
}

TEST_CASE("a client that ends drops its streams without a word") {
  Site site;
  site.router.add("GET", "/watch", [&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin(200, {});
    CHECK(responder->write("first"));
    responder->on_close([responder] {});
  });
  site.start();
  Follower follower;
  StreamEvents events = follower.events();
  events.on_body = [&](std::string_view) {
    follower.client.reset();
    follower.world.stop();
  };
  follower.handle = follower.client->open(get(site.url("/watch")), {}, events);
  follower.world.run();
  CHECK_FALSE(follower.end);
}

}  // namespace slipway::net
