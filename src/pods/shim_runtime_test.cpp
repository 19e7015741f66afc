// The real shim under real processes. Each test has a directory of its own; nothing here waits longer than it must.

#include "pods/shim_runtime.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "core/log.hpp"
#include "core/world/real.hpp"
#include "pods/logs.hpp"
#include "pods/shim/record.hpp"
#include "storage/test_directory.hpp"

namespace slipway::pods {
namespace {

using namespace std::chrono_literals;
using State = ContainerRecord::State;

std::string own_directory() {
  std::array<char, 4096> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  return std::filesystem::path(std::string(path.data(), static_cast<std::size_t>(size))).parent_path();
}

class NoHttp final : public core::HttpClient {
 public:
  void send(core::HttpRequest, std::move_only_function<void(Result<core::HttpResponse>)>) override {}
};

// One machine, and control planes that come and go on it.
class Bench {
 public:
  explicit Bench(bool is_told_ = true) : is_told(is_told_) {
    log::set_level(log::Level::error);
    come();
  }
  ~Bench() {
    runtime.reset();
    real.reset();
  }

  // A control plane comes up: the old one (if any) is as gone as after kill -9.
  void come(const std::string& boot_id = "") {
    runtime.reset();
    real.reset();
    world.reset();
    real = std::make_unique<core::RealWorld>();
    real->set_http(http);
    world = std::make_unique<core::World>(real->world());
    ShimOptions options{directory + "/pods", shim_command(), boot_id};
    if (is_told) options.notices = &real->notices();
    runtime = std::make_unique<ShimRuntime>(*world, std::move(options));
    runtime->on_change([this](const ContainerId&) { check(); });
    auto known = runtime->recover();
    REQUIRE_MESSAGE(known, known.error().render());
    recovered = *known;
    real->loop().post([this] { tick(); });
  }
  void go() {
    runtime.reset();
    real.reset();
  }
  static std::vector<std::string> shim_command() { return {own_directory() + "/pods_shim_test_helper"}; }

  Result<> start(const std::string& script, int attempt = 0) {
    ContainerStart start;
    start.argv = {"/bin/sh", "-c", script};
    start.environment = {{"PATH", "/usr/bin:/bin"}, {"SECRET", "hunter2"}};
    return runtime->start(id(attempt), start);
  }
  static ContainerId id(int attempt = 0) { return {"uid-1", "main", attempt}; }
  ContainerRecord record(int attempt = 0) const { return runtime->inspect(id(attempt)); }
  std::string path(const std::string& name) const { return directory + "/pods/uid-1/main.0/" + name; }
  std::string log() const { return render_log(*runtime->read_log(id()), {}); }

  // Runs the control plane's loop until it is true, or for 20 s.
  bool until(std::function<bool()> wanted) {
    done = std::move(wanted);
    give_up = core::real_clock().monotonic() + 20s;
    if (!done()) real->run();
    return std::exchange(done, nullptr)();
  }
  bool until_state(State state, int attempt = 0) {
    return until([this, state, attempt] { return record(attempt).state == state; });
  }
  void check() {
    if (done && (done() || core::real_clock().monotonic() > give_up)) real->stop();
  }
  void tick() {
    check();
    real->loop().after(5ms, [this] { tick(); });
  }

  bool is_told = true;  // by the kernel; else it looks again and again
  const storage::TestDirectory place;
  const std::string directory = place.path();
  NoHttp http;
  std::unique_ptr<core::RealWorld> real;
  std::unique_ptr<core::World> world;
  std::unique_ptr<ShimRuntime> runtime;
  std::vector<ContainerId> recovered;
  std::function<bool()> done;
  Instant give_up{};
};

bool is_alive(int pid) { return core::identify(pid).has_value(); }
// Waits for what happens without the control plane.
bool wait_for(const std::function<bool()>& wanted) {
  for (int i = 0; i < 4000; ++i) {
    if (wanted()) return true;
    core::sleep_for(5ms);
  }
  return false;
}

TEST_CASE("Shim: a program runs, its log is complete and its exit code is kept") {
  Bench bench;
  REQUIRE(bench.start(
      "echo out; echo err >&2; i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; printf end; exit 7"));
  REQUIRE(bench.until_state(State::exited));
  CHECK(bench.record().exit.code == 7);
  CHECK(bench.record().exit.signal == 0);
  CHECK(bench.record().reason.empty());
  const std::string log = bench.log();
  CHECK(log.find("err\n") != std::string::npos);
  CHECK(log.find("line 0\n") != std::string::npos);
  CHECK(log.find("line 1999\n") != std::string::npos);
  CHECK(log.ends_with("end\n"));  // the order between the two streams is not kept, that within one is
}

TEST_CASE("Shim: secrets are in nobody's arguments, and gone from the disk once the program runs") {
  Bench bench;
  REQUIRE(bench.start("echo $SECRET; exec sleep 1000"));
  REQUIRE(bench.until_state(State::running));
  REQUIRE(
      bench.until([&] { return !std::filesystem::exists(bench.path("start.json")) && bench.log() == "hunter2\n"; }));
  for (const auto& entry : std::filesystem::directory_iterator(bench.directory + "/pods/uid-1/main.0")) {
    struct stat status{};
    ::stat(entry.path().c_str(), &status);
    CHECK_MESSAGE((status.st_mode & 077) == 0, entry.path().string());
  }
  const auto shim = shim::parse_started(*bench.world->files.read(bench.path("started.json")))->shim;
  const std::string command = bench.world->files.read("/proc/" + std::to_string(shim.pid) + "/cmdline").value_or("");
  CHECK(command.find("hunter2") == std::string::npos);
  REQUIRE(bench.runtime->signal(Bench::id(), SIGKILL));
  REQUIRE(bench.until_state(State::exited));
  CHECK(bench.record().exit.signal == SIGKILL);
}

TEST_CASE("Shim: the exit code survives a control plane that was away when it happened") {
  Bench bench;
  REQUIRE(bench.start("exec sleep 0.1; "));
  REQUIRE(bench.until_state(State::running));
  bench.go();
  REQUIRE(wait_for([&] { return std::filesystem::exists(bench.path("exit.json")); }));
  bench.come();
  CHECK(bench.recovered == std::vector<ContainerId>{Bench::id()});
  CHECK(bench.record().state == State::exited);
  CHECK(bench.record().exit.code == 0);
}

TEST_CASE(
    "Shim: a running program is adopted, signalled, and its end is noticed by a control plane that is not its parent") {
  bool is_told = true;
  SUBCASE("by the kernel") {}
  SUBCASE("and looks again and again") { is_told = false; }
  Bench bench(is_told);
  REQUIRE(bench.start("trap 'echo bye; exit 5' TERM; echo up; while true; do sleep 0.02; done"));
  REQUIRE(bench.until([&] { return bench.record().state == State::running && bench.log() == "up\n"; }));
  const auto before = bench.record();
  bench.come();
  CHECK(bench.record().state == State::running);
  CHECK(bench.record().process == before.process);
  REQUIRE(bench.start("echo never"));  // the same attempt again: nothing happens
  REQUIRE(bench.runtime->signal(Bench::id(), SIGTERM));
  REQUIRE(bench.until_state(State::exited));
  CHECK(bench.record().exit.code == 5);
  CHECK(bench.log().find("bye\n") != std::string::npos);
}

TEST_CASE("Shim: two shims for one directory start the program once") {
  Bench bench;
  REQUIRE(bench.start("echo once >> " + bench.directory + "/count; exec sleep 1000"));
  // What a control plane that crashed right after its spawn, and its successor, would do.
  auto again = Bench::shim_command();
  again.insert(again.end(), {"--dir", bench.directory + "/pods/uid-1/main.0"});
  for (int i = 0; i < 5; ++i) REQUIRE(bench.world->processes.spawn({again, {}, "", "", "", true}, nullptr));
  REQUIRE(bench.until_state(State::running));
  bench.come();
  REQUIRE(bench.start("echo twice >> " + bench.directory + "/count"));
  REQUIRE(bench.until([&] { return bench.world->files.read(bench.directory + "/count").value_or("") == "once\n"; }));
  REQUIRE(bench.runtime->signal(Bench::id(), SIGKILL));
  REQUIRE(bench.until_state(State::exited));
  CHECK(*bench.world->files.read(bench.directory + "/count") == "once\n");
}

TEST_CASE("Shim: what the program leaves behind ends with it, in its group and out of it") {
  Bench bench;
  REQUIRE(bench.start(
      "sleep 1000 & echo $!; setsid sleep 1000 & sleep 0.1; ps -o pid= -C sleep >/dev/null; echo done; exit 3"));
  REQUIRE(bench.until_state(State::exited));
  CHECK(bench.record().exit.code == 3);
  const std::string log = bench.log();
  CHECK(log.ends_with("done\n"));
  CHECK_FALSE(is_alive(std::stoi(log)));
  // The shim ends only when it has no child left, so the second one is gone too.
  const auto shim = shim::parse_started(*bench.world->files.read(bench.path("started.json")))->shim;
  CHECK(wait_for([&] { return !is_alive(shim.pid); }));
}

TEST_CASE("Shim: a killed shim takes the program and its children with it, and the container is lost") {
  bool is_told = true;
  SUBCASE("told by the kernel") {}
  SUBCASE("looking again and again") { is_told = false; }
  for (const bool manager_is_away : {false, true}) {
    CAPTURE(manager_is_away);
    Bench bench(is_told);
    REQUIRE(bench.start("sleep 1000 & echo $!; exec sleep 1000"));
    REQUIRE(bench.until_state(State::running));
    REQUIRE(bench.until([&] { return !bench.log().empty(); }));
    const int child = std::stoi(bench.log());
    const auto started = *shim::parse_started(*bench.world->files.read(bench.path("started.json")));
    if (manager_is_away) bench.go();
    ::kill(started.shim.pid, SIGKILL);
    if (manager_is_away) {
      REQUIRE(wait_for([&] { return !is_alive(started.shim.pid); }));
      CHECK(is_alive(started.process.pid));
      bench.come();
    }
    REQUIRE(bench.until_state(State::exited));
    CHECK(bench.record().exit.code == 255);
    CHECK(bench.record().reason == "ShimLost");
    CHECK(wait_for([&] { return !is_alive(started.process.pid) && !is_alive(child); }));
    bench.come();  // and that is durable
    CHECK(bench.record().reason == "ShimLost");
  }
}

// The shim of that attempt, and its child if that still waits at the gate: it shows the same command line. False when
// there is none (yet: a process that was spawned this instant shows no command line).
bool kill_shim(const Bench& bench, int attempt) {
  const std::string argument = bench.directory + "/pods/uid-1/main." + std::to_string(attempt) + std::string(1, '\0');
  bool killed = false;
  const auto names = bench.world->files.list("/proc").value();
  for (const std::string& name : names) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string command = bench.world->files.read("/proc/" + name + "/cmdline").value_or("");
    if (command.ends_with(argument)) killed = ::kill(std::stoi(name), SIGKILL) == 0 || killed;
  }
  return killed;
}

TEST_CASE("Shim: a shim that is killed before it wrote anything down leaves no program") {
  Bench bench;
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const std::string mark = bench.directory + "/mark." + std::to_string(i);
    REQUIRE(bench.start("echo ran > " + mark + "; exec sleep 1000", i));
    core::sleep_for(std::chrono::microseconds(250 * i));
    REQUIRE(wait_for([&] { return kill_shim(bench, i); }));  // whatever it has done yet
    REQUIRE(bench.until_state(State::exited, i));
    CHECK(bench.record(i).reason == "ShimLost");
    const bool was_recorded =
        bench.world->files.exists(bench.directory + "/pods/uid-1/main." + std::to_string(i) + "/started.json");
    if (!was_recorded) CHECK_FALSE(bench.world->files.exists(mark));
  }
}

TEST_CASE("Shim: another process with the same number is neither adopted nor hurt") {
  Bench bench;
  auto innocent = bench.world->processes.spawn({{"/bin/sleep", "1000"}, {}, "", "", "", true}, nullptr);
  REQUIRE(innocent);
  core::ProcessIdentity former = *innocent;
  --former.start_ticks;  // the same pid, started a tick earlier
  const shim::Started started{former, former, bench.world->clock.now()};
  REQUIRE(bench.world->files.make_directories(bench.directory + "/pods/uid-1/main.0"));
  REQUIRE(bench.world->files.write_atomic(bench.path("started.json"), shim::render(started)));
  bench.runtime.reset();
  bench.runtime =
      std::make_unique<ShimRuntime>(*bench.world, ShimOptions{bench.directory + "/pods", Bench::shim_command(), ""});
  REQUIRE(bench.runtime->recover());
  CHECK(bench.record().state == State::exited);
  CHECK(bench.record().reason == "ShimLost");
  CHECK(bench.world->processes.is_alive(*innocent));
  CHECK(bench.world->processes.signal(*innocent, SIGKILL, false).has_value());
}

TEST_CASE("Shim: after a reboot the containers of before are gone") {
  Bench bench;
  REQUIRE(bench.start("exec sleep 1000"));
  REQUIRE(bench.until_state(State::running));
  const auto started = *shim::parse_started(*bench.world->files.read(bench.path("started.json")));
  bench.come("another-boot");
  CHECK(bench.record().state == State::exited);
  CHECK(bench.record().reason == "NodeRebooted");
  CHECK(bench.record().exit.code == 255);
  CHECK(bench.world->processes.signal(started.process, SIGKILL, true).has_value());
  CHECK(wait_for([&] { return !is_alive(started.shim.pid); }));
}

TEST_CASE("Shim: a program that cannot be run is a start error with its reason") {
  Bench bench;
  ContainerStart start;
  start.argv = {"no-such-program-anywhere"};
  start.environment = {{"PATH", "/usr/bin:/bin"}};
  REQUIRE(bench.runtime->start(Bench::id(), start));
  REQUIRE(bench.until_state(State::exited));
  CHECK(bench.record().exit.code == 128);
  CHECK(bench.record().reason == "StartError");
  CHECK(bench.record().message == "cannot run no-such-program-anywhere: No such file or directory");
  start.argv = {"true"};  // found through the container's own PATH
  start.directory = "/no/such/directory";
  REQUIRE(bench.runtime->start(Bench::id(1), start));
  REQUIRE(bench.until_state(State::exited, 1));
  CHECK(bench.record(1).message == "cannot change to directory /no/such/directory: No such file or directory");
}

TEST_CASE("Shim: logs are rotated, followed through a rotation, and stay small") {
  Bench bench;
  REQUIRE(bench.start("head -c 12000000 /dev/zero | tr '\\0' x | fold -w 99; echo last"));
  LogTail tail(bench.runtime->log_path(Bench::id()));
  std::size_t followed = 0;
  REQUIRE(bench.until([&] {
    for (std::string more = tail.read_more(); !more.empty(); more = tail.read_more())
      followed += render_log(more, {}).size();
    return bench.record().state == State::exited;
  }));
  for (std::string more = tail.read_more(); !more.empty(); more = tail.read_more())
    followed += render_log(more, {}).size();
  CHECK(followed >= 12'000'000);
  LogTail late(bench.runtime->log_path(Bench::id()));
  std::string kept;
  for (std::string more = late.read_more(); !more.empty(); more = late.read_more()) kept += render_log(more, {});
  CHECK(kept == bench.log());
  CHECK(std::filesystem::file_size(bench.path("log")) <= 10 * 1024 * 1024);
  CHECK(std::filesystem::file_size(bench.path("log.1")) <= 10 * 1024 * 1024);
  CHECK(bench.log().ends_with("last\n"));
}

// A sanitizer's own memory is not the shim's.
#if defined(__has_feature)
constexpr bool is_instrumented = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool is_instrumented = false;
#endif

TEST_CASE("Shim: it is small") {
  Bench bench;
  REQUIRE(bench.start("exec sleep 1000"));
  REQUIRE(bench.until_state(State::running));
  const auto shim = shim::parse_started(*bench.world->files.read(bench.path("started.json")))->shim;
  const std::string status = *bench.world->files.read("/proc/" + std::to_string(shim.pid) + "/status");
  const auto at = status.find("RssAnon:");
  REQUIRE(at != std::string::npos);
  const int kib = std::stoi(status.substr(at + 8));
  MESSAGE("anonymous resident memory of the shim: ", kib, " KiB; ", status.substr(status.find("VmRSS"), 25));
  if (!is_instrumented) CHECK(kib < 2048);
  REQUIRE(bench.runtime->signal(Bench::id(), SIGKILL));
  REQUIRE(bench.until_state(State::exited));
}

}  // namespace
}  // namespace slipway::pods
