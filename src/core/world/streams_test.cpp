#include "core/world/streams.hpp"

#include <doctest/doctest.h>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"

namespace slipway::core {
namespace {

using namespace std::chrono_literals;

class NoHttp final : public HttpClient {
 public:
  void send(HttpRequest, std::move_only_function<void(Result<HttpResponse>)>) override {}
};

// A program that is talked to until it has ended and said everything.
struct Talk {
  RealWorld world;
  NoHttp http;
  std::string out, err;
  std::optional<Exit> exit;
  int open = 2;
  std::unique_ptr<Conversation> program;

  Result<> start(const std::string& script, bool terminal = false) {
    world.set_http(http);
    ConverseRequest request;
    request.argv = {"sh", "-c", script};
    request.environment = {{"PATH", "/usr/bin:/bin"}};
    request.terminal = terminal;
    if (terminal) open = 1;
    ConverseEvents events;
    events.out.on_bytes = [this](std::string_view bytes) { out += bytes; };
    events.err.on_bytes = [this](std::string_view bytes) { err += bytes; };
    events.out.on_end = events.err.on_end = [this](const Result<>&) { --open, look(); };
    events.on_exit = [this](Exit how) { exit = how, look(); };
    TRY_ASSIGN(program, converse(world.loop(), std::move(request), std::move(events)));
    return {};
  }
  void look() {
    if (exit && open == 0) world.stop();
  }
  void run() {
    world.loop().after(20s, [this] { world.stop(); });
    world.run();
  }
};

TEST_CASE("Streams: a program reads what is written, says what it has to say, and its end is told") {
  Talk talk;
  REQUIRE(talk.start("cat; echo wrong >&2; exit 3"));
  const std::string much(1'000'000, 'x');
  talk.program->write_input(much);
  CHECK(talk.program->is_input_full());
  talk.program->end_input();
  talk.run();
  CHECK(talk.out == much);
  CHECK(talk.err == "wrong\n");
  REQUIRE(talk.exit);
  CHECK(talk.exit->code == 3);
}

TEST_CASE("Streams: a terminal controls its program") {
  Talk talk;
  REQUIRE(talk.start("stty size; exec sleep 1000", true));
  talk.program->resize({50, 132});
  talk.program->write_input("\x03");  // Ctrl-C
  talk.run();
  REQUIRE(talk.exit);
  CHECK(talk.exit->code == 130);
}

TEST_CASE("Streams: nobody listening, and no real world, are errors with a sentence") {
  RealWorld world;
  std::string told;
  ByteEvents events;
  events.on_end = [&](const Result<>& how) {
    told = how ? "nothing" : how.error().message;
    world.stop();
  };
  const auto refused = connect_tcp(world.loop(), "127.0.0.1", 1, 1s, events);
  if (refused) {
    world.run();
  } else {
    told = refused.error().message;
  }
  CHECK(told == "cannot connect to 127.0.0.1:1: Connection refused");
  CHECK(connect_local(world.loop(), "/tmp", "nobody-is-here", {}).error().code == Code::not_found);
  CHECK(connect_tcp(world.loop(), "somewhere", 80, 1s, {}).error().code == Code::invalid_argument);
  SimulatedWorld simulated(1);
  auto parts = simulated.world();
  CHECK(connect_tcp(parts.loop, "127.0.0.1", 80, 1s, {}).error().code == Code::unimplemented);
}

}  // namespace
}  // namespace slipway::core
