#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "core/world/real.hpp"

namespace slipway::core {
namespace {

namespace fs = std::filesystem;

class NoHttp final : public HttpClient {
 public:
  void send(HttpRequest, std::move_only_function<void(Result<HttpResponse>)>) override {}
};

// A real world that a test runs on its own thread until done() is called; a watchdog fails what hangs.
struct Machine {
  Machine() {
    real.set_http(http);
    directory = fs::temp_directory_path() / ("slipway-world-" + real_random().hex(12));
    fs::create_directories(directory);
  }
  ~Machine() { fs::remove_all(directory); }
  void run() {
    const TimerId watchdog = real.loop().after(std::chrono::seconds(30), [this] {
      timed_out = true;
      real.stop();
    });
    real.run();
    real.loop().cancel(watchdog);
    REQUIRE_FALSE(timed_out);
  }
  std::string path(const std::string& name) const { return (directory / name).string(); }

  Result<RunOutput> run_command(RunRequest request) {
    Result<RunOutput> output = fail(Code::internal, "not called");
    real.world().processes.run(std::move(request), [&](Result<RunOutput> result) {
      output = std::move(result);
      real.stop();
    });
    run();
    return output;
  }
  SpawnRequest shell(const std::string& script) const {
    SpawnRequest request;
    request.argv = {"sh", "-c", script};
    request.environment = {{"PATH", "/usr/bin:/bin"}};
    request.directory = directory.string();
    request.stdout_path = path("out");
    request.stderr_path = path("err");
    return request;
  }

  NoHttp http;
  RealWorld real;
  fs::path directory;
  bool timed_out = false;
};

RunRequest command(const std::string& script) {
  RunRequest request;
  request.argv = {"sh", "-c", script};
  request.environment = {{"PATH", "/usr/bin:/bin"}};
  return request;
}

}  // namespace

TEST_CASE("posted tasks run in the order of posting and timers in the order of time") {
  Machine machine;
  std::string order;
  Loop& loop = machine.real.loop();
  loop.after(std::chrono::milliseconds(20), [&] {
    order += "d";
    machine.real.stop();
  });
  loop.after(std::chrono::milliseconds(2), [&] { order += "c"; });
  const TimerId cancelled = loop.after(std::chrono::milliseconds(1), [&] { order += "x"; });
  loop.post([&] { order += "a"; });
  loop.post([&] {
    order += "b";
    loop.cancel(cancelled);
  });
  machine.run();
  CHECK(order == "abcd");
}

TEST_CASE("other threads may post, and nothing is lost") {
  Machine machine;
  constexpr int each = 5000;
  int count = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        machine.real.loop().post([&] {
          CHECK(machine.real.loop().on_this_thread());
          if (++count == 4 * each) machine.real.stop();
        });
      }
    });
  }
  machine.run();
  CHECK(count == 4 * each);
}

TEST_CASE("a stop that comes before run is not lost") {
  Machine machine;
  machine.real.stop();
  machine.run();
}

TEST_CASE("a spawned process writes its logs, and its exit code arrives once") {
  Machine machine;
  std::vector<int> codes;
  auto request = machine.shell("echo hello; echo problem >&2; pwd; exit 7");
  const auto process = machine.real.world().processes.spawn(request, [&](Exit exit) {
    codes.push_back(exit.code);
    machine.real.stop();
  });
  REQUIRE(process);
  CHECK(process->pid > 0);
  machine.run();
  CHECK(codes == std::vector{7});
  CHECK(real_files().read(machine.path("out")).value() == "hello\n" + machine.directory.string() + "\n");
  CHECK(real_files().read(machine.path("err")).value() == "problem\n");
  CHECK((fs::status(machine.path("out")).permissions() & fs::perms::group_read) == fs::perms::none);
  CHECK_FALSE(machine.real.world().processes.is_alive(*process));
}

TEST_CASE("a child inherits no environment, no descriptor, no blocked and no ignored signal") {
  Machine machine;  // its world ignores SIGPIPE
  const int inherited = ::dup(1);
  auto request = machine.shell(
      "env | grep -v -E '^(PWD|SHLVL|_|OLDPWD)='; ls /proc/self/fd | wc -l; grep -E 'SigBlk|SigIgn' /proc/self/status");
  request.environment.emplace_back("ONLY", "this");
  REQUIRE(machine.real.world().processes.spawn(request, [&](Exit) { machine.real.stop(); }));
  machine.run();
  ::close(inherited);
  const std::string out = real_files().read(machine.path("out")).value();
  CHECK(out.contains("ONLY=this\n"));
  CHECK_FALSE(out.contains("HOME="));
  CHECK(out.contains("\n4\n"));  // 0, 1, 2 and ls's own of the directory
  CHECK(out.contains("SigBlk:\t0000000000000000"));
  const std::size_t ignored = out.find("SigIgn:\t");
  REQUIRE(ignored != std::string::npos);
  const auto mask = std::stoull(out.substr(ignored + 8, 16), nullptr, 16);
  CHECK((mask & 0x7fffffffU) == 0);  // 32 and 33 are the C library's own
}

TEST_CASE("what cannot be started says why and leaves nothing behind") {
  Machine machine;
  Processes& processes = machine.real.world().processes;
  struct Case {
    std::string program, directory;
    Code code;
  };
  for (const auto& [program, directory, code] : std::vector<Case>{
           {"no-such-program-anywhere", "", Code::not_found},
           {"/no/such/program", "", Code::not_found},
           {"/etc/passwd", "", Code::permission_denied},
           {"sh", "/no/such/directory", Code::not_found},
       }) {
    CAPTURE(program);
    SpawnRequest request;
    request.argv = {program};
    request.environment = {{"PATH", "/usr/bin:/bin"}};
    request.directory = directory;
    const auto spawned = processes.spawn(request, {});
    REQUIRE_FALSE(spawned);
    CHECK(spawned.error().code == code);
    CHECK(spawned.error().message.contains("cannot start"));
  }
}

TEST_CASE("a signal to the group reaches the grandchildren") {
  Machine machine;
  Processes& processes = machine.real.world().processes;
  Exit exit;
  const auto process = processes.spawn(machine.shell("sleep 1000 & echo $! > grandchild; wait"), [&](Exit how) {
    exit = how;
    machine.real.stop();
  });
  REQUIRE(process);
  std::function<void()> wait_for_grandchild = [&] {
    const auto text = real_files().read(machine.path("grandchild"));
    if (text && text->ends_with("\n")) {
      REQUIRE(processes.signal(*process, SIGTERM, true));
    } else {
      machine.real.loop().after(std::chrono::milliseconds(2), [&] { wait_for_grandchild(); });
    }
  };
  wait_for_grandchild();
  machine.run();
  CHECK(exit.signal == SIGTERM);
  CHECK(exit.code == 128 + SIGTERM);
  const int grandchild = std::stoi(real_files().read(machine.path("grandchild")).value());
  std::function<void()> wait_for_end = [&] {
    if (!identify(grandchild)) return machine.real.stop();
    machine.real.loop().after(std::chrono::milliseconds(2), [&] { wait_for_end(); });
  };
  wait_for_end();
  machine.run();
}

TEST_CASE("a pid that means another process now is neither alive nor signalled") {
  Machine machine;
  Processes& processes = machine.real.world().processes;
  auto self = identify(::getpid());
  REQUIRE(self);
  CHECK(processes.is_alive(*self));
  CHECK(processes.signal(*self, 0, false));
  self->start_ticks += 1;
  CHECK_FALSE(processes.is_alive(*self));
  CHECK(processes.signal(*self, SIGKILL, false).error().code == Code::not_found);
  self->start_ticks -= 1;
  self->boot_id = "another boot";
  CHECK(processes.signal(*self, SIGKILL, false).error().code == Code::not_found);
  CHECK(processes.signal({0, 0, ""}, SIGKILL, true).error().code == Code::invalid_argument);
}

TEST_CASE("run gives a command its input and returns both outputs and the exit") {
  Machine machine;
  auto request = command("cat; echo oops >&2; exit 3");
  request.input = std::string(300'000, 'x');  // more than a pipe holds
  const auto output = machine.run_command(request);
  REQUIRE(output);
  CHECK(output->exit.code == 3);
  CHECK(output->out == request.input);
  CHECK(output->err == "oops\n");
}

TEST_CASE("a command need not read its input") {
  Machine machine;
  auto request = command("exit 0");
  request.input = std::string(1'000'000, 'x');
  const auto output = machine.run_command(request);
  REQUIRE(output);
  CHECK(output->exit.code == 0);
}

TEST_CASE("a command that takes too long is killed with what it started") {
  Machine machine;
  auto request = command("sleep 1000 & echo $! > " + machine.path("grandchild") + "; sleep 1000");
  request.timeout = std::chrono::milliseconds(300);
  const auto output = machine.run_command(request);
  REQUIRE_FALSE(output);
  CHECK(output.error().code == Code::deadline_exceeded);
}

TEST_CASE("a command that writes too much is stopped") {
  Machine machine;
  auto request = command("yes");
  request.max_output = 100'000;
  const auto output = machine.run_command(request);
  REQUIRE_FALSE(output);
  CHECK(output.error().code == Code::resource_exhausted);
}

TEST_CASE("of a command's complaints the last 64 KiB are kept") {
  Machine machine;
  const auto output = machine.run_command(command("yes | head -c 200000 >&2; echo the end >&2"));
  REQUIRE(output);
  CHECK(output->err.size() == 64 * 1024);
  CHECK(output->err.ends_with("the end\n"));
}

TEST_CASE("a command that leaves a child holding its output does not hang the caller") {
  Machine machine;
  const auto output = machine.run_command(command("sleep 1000 & echo done"));
  REQUIRE(output);
  CHECK(output->out == "done\n");
}

TEST_CASE("run reports a missing program from the loop, not from inside the call") {
  Machine machine;
  RunRequest request;
  request.argv = {"no-such-program-anywhere"};
  bool called = false;
  machine.real.world().processes.run(request, [&](Result<RunOutput> output) {
    called = true;
    CHECK(output.error().code == Code::not_found);
    machine.real.stop();
  });
  CHECK_FALSE(called);
  machine.run();
  CHECK(called);
}

TEST_CASE("many commands run at once on the one loop") {
  Machine machine;
  int left = 40;
  for (int i = 0; i < 40; ++i) {
    machine.real.world().processes.run(command("echo " + std::to_string(i)), [&, i](Result<RunOutput> output) {
      REQUIRE(output);
      CHECK(output->out == std::to_string(i) + "\n");
      if (--left == 0) machine.real.stop();
    });
  }
  machine.run();
  CHECK(left == 0);
}

TEST_CASE("a world that ends kills its commands and leaves its spawned processes alone") {
  Result<ProcessIdentity> spawned = fail(Code::internal, "");
  {
    Machine machine;
    spawned = machine.real.world().processes.spawn(machine.shell("sleep 1000"), [](Exit) { FAIL("not called"); });
    machine.real.world().processes.run(command("sleep 1000"), [](const Result<RunOutput>&) { FAIL("not called"); });
    machine.real.loop().after(std::chrono::milliseconds(20), [&] { machine.real.stop(); });
    machine.run();
  }
  REQUIRE(spawned);
  Machine other;
  CHECK(other.real.world().processes.is_alive(*spawned));
  CHECK(other.real.world().processes.signal(*spawned, SIGKILL, true));
}

}  // namespace slipway::core
