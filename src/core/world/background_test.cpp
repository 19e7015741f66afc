#include "core/world/background.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <optional>
#include <stdexcept>
#include <thread>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"

namespace slipway::core {
namespace {

class NoHttp final : public HttpClient {
 public:
  void send(HttpRequest, std::move_only_function<void(Result<HttpResponse>)>) override {}
};

struct Real {
  NoHttp http;
  RealWorld real;
  Loop& loop = real.loop();
  Background& background() {
    real.set_http(http);
    return real.world().background;
  }
};

Result<int> forty_two(const std::stop_token&) { return 42; }

}  // namespace

TEST_CASE("work runs beside the loop, which goes on meanwhile, and its answer comes back to the loop") {
  Real world;
  std::latch may_end(1);
  bool loop_went_on = false;
  Result<int> answer = 0;
  BackgroundTasks tasks(world.background());
  tasks.run(
      [&](const std::stop_token&) -> Result<int> {
        CHECK_FALSE(world.loop.on_this_thread());
        may_end.wait();
        return 42;
      },
      [&](Result<int> got) {
        CHECK(world.loop.on_this_thread());
        answer = std::move(got);
        world.real.stop();
      });
  world.loop.post([&] {
    loop_went_on = true;
    may_end.count_down();
  });
  world.real.run();
  CHECK(loop_went_on);
  CHECK(answer.value() == 42);
}

TEST_CASE("one long work does not keep a short one waiting, and everything is done once") {
  Real world;
  std::latch may_end(1);
  int done = 0;
  BackgroundTasks tasks(world.background());
  tasks.run(
      [&](const std::stop_token&) -> Result<> {
        may_end.wait();
        return {};
      },
      [&](const Result<>&) {
        CHECK(done == 100);
        world.real.stop();
      });
  for (int i = 0; i < 100; ++i) {
    tasks.run(forty_two, [&](const Result<int>& got) {
      CHECK(got.value() == 42);
      if (++done == 100) may_end.count_down();
    });
  }
  world.real.run();
  CHECK(done == 100);
}

TEST_CASE("an exception of the work is an error of ours, with the loop unharmed") {
  Real world;
  Result<int> answer = 0;
  BackgroundTasks tasks(world.background());
  tasks.run([](const std::stop_token&) -> Result<int> { throw std::runtime_error("out of luck"); },
            [&](Result<int> got) {
              answer = std::move(got);
              world.real.stop();
            });
  world.real.run();
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == Code::internal);
}

TEST_CASE("who ends asks its work to stop and waits for it, and is not called back") {
  Real world;
  std::latch began(1);
  bool ended = false, called = false;
  {
    std::optional<BackgroundTasks> tasks(std::in_place, world.background());
    tasks->run(
        [&](const std::stop_token& stop) -> Result<> {
          began.count_down();
          while (!stop.stop_requested()) std::this_thread::yield();
          ended = true;
          return {};
        },
        [&](const Result<>&) { called = true; });
    tasks->run(forty_two, [&](const Result<int>&) { called = true; });
    began.wait();
    tasks.reset();
    CHECK(ended);
  }
  BackgroundTasks others(world.background());
  others.run(forty_two, [&](const Result<int>&) { world.real.stop(); });
  world.real.run();
  CHECK_FALSE(called);
}

TEST_CASE("a world that ends waits for what runs, drops what has not begun, and calls nobody back") {
  std::atomic<int> begun = 0, ended = 0;
  std::latch running(2);
  {
    Real world;
    // Without an owner, as the world sees it.
    for (int i = 0; i < 2; ++i) {
      world.background().run(
          [&] {
            ++begun;
            running.count_down();
            std::this_thread::yield();
            ++ended;
          },
          [] { FAIL("not called"); });
    }
    running.wait();
  }
  CHECK(begun == 2);
  CHECK(ended == 2);
}

TEST_CASE("in the simulated world work takes virtual time, and a crash in the middle of it leaves nothing") {
  SimulatedWorld world(1);
  world.faults().background_takes = std::chrono::minutes(3);
  std::string told;
  BackgroundTasks tasks(world.world().background);
  const auto begin = [&] {
    tasks.run(
        [&](const std::stop_token&) -> Result<int> {
          told += "worked ";
          return 1;
        },
        [&](const Result<int>&) { told += "done "; });
  };
  begin();
  CHECK(told.empty());
  world.run_for(std::chrono::minutes(2));
  CHECK(told.empty());
  world.run_for(std::chrono::minutes(2));
  CHECK(told == "worked done ");
  begin();
  world.run_for(std::chrono::minutes(2));
  world.crash_control_plane();
  world.run_for(std::chrono::minutes(10));
  CHECK(told == "worked done ");
  begin();
  CHECK(world.run_until([&] { return told == "worked done worked "; }, std::chrono::minutes(5)));
  world.crash_control_plane();
  world.run_for(std::chrono::minutes(10));
  CHECK(told == "worked done worked ");
}

}  // namespace slipway::core
