#include "core/world/simulated.hpp"

#include <doctest/doctest.h>

#include "core/log.hpp"

namespace slipway::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers "pong" on PORT, ends on SIGTERM with code 0, writes one line when it starts.
class Ponger final : public SimulatedProgram {
 public:
  explicit Ponger(SimulatedProcess& process) : process_(process) {}
  void start() override {
    process_.write_stdout("started\n");
    const auto answer = [](HttpRequest, std::move_only_function<void(Result<HttpResponse>)> respond) {
      respond(HttpResponse{200, {}, "pong"});
    };
    if (!process_.listen("127.0.0.1", std::stoi(process_.environment("PORT")), answer)) process_.exit(1);
  }
  void signal(int) override { process_.exit(0); }

 private:
  SimulatedProcess& process_;
};

// Writes its input back, or ends after SECONDS.
class Echo final : public SimulatedProgram {
 public:
  explicit Echo(SimulatedProcess& process) : process_(process) {}
  void start() override {
    process_.write_stdout(process_.input());
    process_.write_stderr("a complaint");
    const std::string delay = process_.environment("SECONDS");
    process_.after(seconds(delay.empty() ? 0 : std::stoi(delay)), [this] { process_.exit(5); });
  }
  void signal(int) override {}

 private:
  SimulatedProcess& process_;
};

template <class Program>
SimulatedProgramFactory make() {
  return [](SimulatedProcess& process) { return std::make_unique<Program>(process); };
}

SpawnRequest ponger(int port) {
  SpawnRequest request;
  request.argv = {"/usr/bin/ponger"};
  request.environment = {{"PORT", std::to_string(port)}};
  return request;
}

HttpRequest get(int port, Duration timeout = seconds(5)) {
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  request.timeout = timeout;
  return request;
}

bool never() { return false; }

}  // namespace

TEST_CASE("virtual time passes only as far as the tasks ask") {
  SimulatedWorld simulation(1);
  const World world = simulation.world();
  const Time morning = world.clock.now();
  std::string order;
  world.loop.after(hours(100), [&] { order += "c"; });
  world.loop.after(seconds(1), [&] { order += "b"; });
  world.loop.post([&] { order += "a"; });
  world.loop.cancel(world.loop.after(seconds(2), [&] { order += "x"; }));
  simulation.run_for(hours(1));
  CHECK(order == "ab");
  CHECK(world.clock.now() - morning == hours(1));
  simulation.run_for(hours(100));
  CHECK(order == "abc");
}

TEST_CASE("tasks of the same instant run in the order they were planned") {
  SimulatedWorld simulation(1);
  const World world = simulation.world();
  std::string order;
  for (const char name : {'a', 'b', 'c', 'd'}) world.loop.after(seconds(1), [&order, name] { order += name; });
  simulation.run_for(seconds(1));
  CHECK(order == "abcd");
}

TEST_CASE("a run ends when its condition holds, when nothing is left, or at its deadline") {
  SimulatedWorld simulation(1);
  const World world = simulation.world();
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    world.loop.after(seconds(1), tick);
  };
  tick();
  CHECK(simulation.run_until([&] { return ticks == 10; }, hours(1)));
  CHECK(ticks == 10);
  CHECK_FALSE(simulation.run_until(never, seconds(5)));
  CHECK(ticks == 15);
  simulation.crash_control_plane();
  CHECK_FALSE(simulation.run_until(never, hours(1)));
  CHECK(ticks == 15);
}

TEST_CASE("tasks that only post each other are found out") {
  SimulatedWorld simulation(1);
  const World world = simulation.world();
  std::function<void()> spin = [&] { world.loop.post(spin); };
  spin();
  CHECK_THROWS_WITH(simulation.run_for(seconds(1)), doctest::Contains("time stands still"));
}

TEST_CASE("a simulated program starts, answers, logs and ends on a signal") {
  SimulatedWorld simulation(1);
  simulation.install("ponger", make<Ponger>());
  const World world = simulation.world();
  REQUIRE(world.files.make_directories("/logs"));
  SpawnRequest request = ponger(8000);
  request.stdout_path = "/logs/out";
  std::vector<int> codes;
  const auto process = world.processes.spawn(request, [&](Exit exit) { codes.push_back(exit.code); });
  REQUIRE(process);
  simulation.run_for(seconds(1));

  std::string body;
  world.http.send(get(8000), [&](Result<HttpResponse> response) { body = response.value().body; });
  simulation.run_for(seconds(1));
  CHECK(body == "pong");
  CHECK(world.files.read("/logs/out").value() == "started\n");
  CHECK(world.processes.is_alive(*process));
  CHECK(simulation.processes() == std::vector{*process});

  REQUIRE(world.processes.signal(*process, SIGTERM, true));
  simulation.run_for(seconds(1));
  CHECK(codes == std::vector{0});
  CHECK_FALSE(world.processes.is_alive(*process));
  CHECK(world.processes.signal(*process, SIGTERM, true).error().code == Code::not_found);
  Code code{};
  world.http.send(get(8000), [&](const Result<HttpResponse>& response) { code = response.error().code; });
  simulation.run_for(seconds(1));
  CHECK(code == Code::unavailable);
}

TEST_CASE("a port is taken until its process ends, and an unknown program does not start") {
  SimulatedWorld simulation(1);
  simulation.install("ponger", make<Ponger>());
  const World world = simulation.world();
  const auto first = world.processes.spawn(ponger(8000), {});
  simulation.run_for(seconds(1));
  int code = -1;
  REQUIRE(world.processes.spawn(ponger(8000), [&](Exit exit) { code = exit.code; }));
  simulation.run_for(seconds(1));
  CHECK(code == 1);
  simulation.kill(*first);
  CHECK(simulation.serve("localhost", 8000, [](HttpRequest, auto) {}));
  CHECK_FALSE(simulation.serve("127.0.0.1", 8000, [](HttpRequest, auto) {}));

  SpawnRequest unknown;
  unknown.argv = {"nobody"};
  CHECK(world.processes.spawn(unknown, {}).error().code == Code::not_found);
}

TEST_CASE("kill -9 ends a process at once, with its timers, its listeners and the answers it owes") {
  SimulatedWorld simulation(1);
  struct Slow final : SimulatedProgram {
    explicit Slow(SimulatedProcess& p) : process(p) {}
    void start() override {
      REQUIRE(process.listen("127.0.0.1", 8000, [this](HttpRequest, auto respond) { owed = std::move(respond); }));
    }
    void signal(int) override {}
    SimulatedProcess& process;
    std::move_only_function<void(Result<HttpResponse>)> owed;
  };
  simulation.install("ponger", make<Slow>());
  const World world = simulation.world();
  Exit exit;
  const auto process = world.processes.spawn(ponger(8000), [&](Exit how) { exit = how; });
  simulation.run_for(seconds(1));
  Code code{};
  world.http.send(get(8000), [&](const Result<HttpResponse>& response) { code = response.error().code; });
  simulation.run_for(milliseconds(100));
  simulation.kill(*process);
  CHECK_FALSE(world.processes.is_alive(*process));
  simulation.run_for(milliseconds(100));
  CHECK(exit.signal == SIGKILL);
  CHECK(code == Code::unavailable);
}

TEST_CASE("run collects a simulated command's output, with its limits") {
  SimulatedWorld simulation(1);
  simulation.install("echo", make<Echo>());
  const World world = simulation.world();
  const auto run = [&](RunRequest request) {
    request.argv = {"echo"};
    Result<RunOutput> output = fail(Code::internal, "not called");
    world.processes.run(std::move(request), [&](Result<RunOutput> result) { output = std::move(result); });
    simulation.run_for(hours(1));
    return output;
  };
  RunRequest request;
  request.input = "hello";
  const auto output = run(request);
  REQUIRE(output);
  CHECK(output->out == "hello");
  CHECK(output->err == "a complaint");
  CHECK(output->exit.code == 5);

  request.max_output = 3;
  CHECK(run(request).error().code == Code::resource_exhausted);
  request.max_output = 100;
  request.environment = {{"SECONDS", "100"}};
  CHECK(run(request).error().code == Code::deadline_exceeded);
  CHECK(simulation.processes().empty());
  request.timeout = seconds(101);
  CHECK(run(request).has_value());
}

TEST_CASE("a crash forgets what the control plane planned and nothing else") {
  SimulatedWorld simulation(1);
  simulation.install("ponger", make<Ponger>());
  const World world = simulation.world();
  REQUIRE(world.files.make_directories("/data"));
  REQUIRE(world.files.write_atomic("/data/state", "kept"));
  int arrived = 0;
  REQUIRE(simulation.serve("127.0.0.1", 9000, [&](HttpRequest, auto respond) {
    ++arrived;
    respond(HttpResponse{200, {}, ""});
  }));
  const auto process = world.processes.spawn(ponger(8000), [](Exit) { FAIL("nobody is there to hear it"); });
  REQUIRE(process);
  world.loop.post([] { FAIL("forgotten"); });
  world.loop.after(seconds(1), [] { FAIL("forgotten"); });
  world.http.send(get(9000), [](const Result<HttpResponse>&) { FAIL("forgotten"); });
  simulation.crash_control_plane();
  simulation.run_for(seconds(2));

  CHECK(arrived == 1);  // the request was on its way
  CHECK(world.processes.is_alive(*process));
  CHECK(world.files.read("/data/state").value() == "kept");
  std::string body;
  world.http.send(get(8000), [&](Result<HttpResponse> response) { body = response.value().body; });
  simulation.run_for(seconds(1));
  CHECK(body == "pong");
  simulation.kill(*process);
  simulation.run_for(seconds(1));
}

TEST_CASE("a process that calls others does so on its own behalf") {
  SimulatedWorld simulation(1);
  struct Caller final : SimulatedProgram {
    explicit Caller(SimulatedProcess& p) : process(p) {}
    void start() override {
      const World world = process.world().world();
      world.loop.after(seconds(5), [this, world] {
        world.http.send(get(9000), [this](const Result<HttpResponse>&) { process.exit(42); });
      });
    }
    void signal(int) override {}
    SimulatedProcess& process;
  };
  simulation.install("ponger", make<Caller>());
  REQUIRE(simulation.serve("127.0.0.1", 9000, [](HttpRequest, auto respond) { respond(HttpResponse{}); }));
  const World world = simulation.world();
  const auto process = world.processes.spawn(ponger(0), {});
  simulation.run_for(seconds(1));
  simulation.crash_control_plane();
  CHECK(world.processes.is_alive(*process));
  simulation.run_for(seconds(10));
  CHECK_FALSE(world.processes.is_alive(*process));
}

TEST_CASE("lost messages end in a deadline, and a lost answer was still acted upon") {
  SimulatedWorld simulation(1);
  const World world = simulation.world();
  int arrived = 0;
  REQUIRE(simulation.serve("127.0.0.1", 9000, [&](HttpRequest, auto respond) {
    ++arrived;
    respond(HttpResponse{200, {}, ""});
  }));
  std::vector<Code> codes;
  const auto note = [&](const Result<HttpResponse>& response) {
    REQUIRE_FALSE(response);
    codes.push_back(response.error().code);
  };
  simulation.faults().request_lost = 1;
  world.http.send(get(9000), note);
  simulation.run_for(seconds(10));
  CHECK(arrived == 0);
  simulation.faults().request_lost = 0;
  simulation.faults().response_lost = 1;
  world.http.send(get(9000), note);
  simulation.run_for(seconds(10));
  CHECK(arrived == 1);
  simulation.faults().response_lost = 0;
  simulation.faults().latency_min = simulation.faults().latency_max = seconds(3);  // there and back is 6 s
  world.http.send(get(9000), note);
  simulation.run_for(seconds(20));
  CHECK(codes == std::vector<Code>(3, Code::deadline_exceeded));
}

TEST_CASE("the fault injector makes spawns fail now and then") {
  SimulatedWorld simulation(3);
  simulation.install("echo", make<Echo>());
  simulation.faults().spawn_fails = 0.5;
  SpawnRequest request;
  request.argv = {"echo"};
  int failed = 0;
  for (int i = 0; i < 200; ++i) failed += simulation.world().processes.spawn(request, {}) ? 0 : 1;
  CHECK(failed > 60);
  CHECK(failed < 140);
}

TEST_CASE("the wall clock may jump; timers do not care") {
  SimulatedWorld simulation(1);
  const World world = simulation.world();
  const Time before = world.clock.now();
  bool rang = false;
  world.loop.after(seconds(10), [&] { rang = true; });
  simulation.jump_clock(-hours(24));
  CHECK(world.clock.now() == before - hours(24));
  simulation.run_for(seconds(9));
  CHECK_FALSE(rang);
  simulation.run_for(seconds(1));
  CHECK(rang);
}

// A busy little world: restarts, calls, faults. Returns everything that happened with its time.
std::string trace_of(std::uint64_t seed) {
  SimulatedWorld simulation(seed);
  simulation.install("ponger", make<Ponger>());
  simulation.faults().request_lost = 0.1;
  simulation.faults().response_lost = 0.1;
  simulation.faults().spawn_fails = 0.2;
  const World world = simulation.world();
  std::string trace;
  const auto note = [&](const std::string& what) {
    trace += std::to_string(world.clock.monotonic().time_since_epoch().count()) + " " + what + "\n";
  };
  std::function<void(int)> keep_running = [&](int port) {
    const auto process = world.processes.spawn(ponger(port), [&, port](Exit exit) {
      note("exit " + std::to_string(port) + " " + std::to_string(exit.code));
      world.loop.after(milliseconds(world.random.below(500)), [&, port] { keep_running(port); });
    });
    note(process ? "spawned" : process.error().message);
    if (!process) world.loop.after(seconds(1), [&, port] { keep_running(port); });
  };
  std::function<void()> probe = [&] {
    const int port = 8000 + static_cast<int>(world.random.below(4));
    world.http.send(get(port, seconds(1)), [&, port](const Result<HttpResponse>& response) {
      note(std::to_string(port) + " " + (response ? response->body : response.error().message));
    });
    world.loop.after(milliseconds(200), probe);
    const auto running = simulation.processes();
    if (world.random.below(10) == 0 && !running.empty()) simulation.kill(running[world.random.below(running.size())]);
  };
  for (int port = 8000; port < 8004; ++port) keep_running(port);
  probe();
  simulation.run_for(seconds(60));
  return trace;
}

TEST_CASE("everything is a function of the seed") {
  const std::string first = trace_of(42);
  CHECK(first.size() > 5000);
  CHECK(first == trace_of(42));
  CHECK(first != trace_of(43));
}

}  // namespace slipway::core
