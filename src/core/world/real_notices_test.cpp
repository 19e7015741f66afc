#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "core/world/notices.hpp"
#include "core/world/real.hpp"

namespace slipway::core {
namespace {

class NoHttp final : public HttpClient {
 public:
  void send(HttpRequest, std::move_only_function<void(Result<HttpResponse>)>) override {}
};

// A directory and a loop that runs until something was told.
struct Place {
  Place() { real.set_http(http); }
  ~Place() { std::filesystem::remove_all(directory); }
  bool runs_until(const std::function<bool()>& wanted) {
    const Instant give_up = real_clock().monotonic() + std::chrono::seconds(20);
    std::function<void()> look = [&] {
      if (wanted() || real_clock().monotonic() > give_up) return real.stop();
      real.loop().after(std::chrono::milliseconds(1), look);
    };
    real.loop().post(look);
    real.run();
    return wanted();
  }
  // Everything that is on its way has come when this has.
  void settle() {
    bool told = false;
    const std::string other = directory + "/other";
    REQUIRE(real_files().make_directories(other));
    const auto id = real.notices().on_new_file(other, [&] { told = true; });
    REQUIRE(id);
    REQUIRE(real_files().write_derived(other + "/file", ""));
    REQUIRE(runs_until([&] { return told; }));
    real.notices().forget(*id);
  }

  NoHttp http;
  RealWorld real;
  const std::string directory = [] {
    const std::string path = std::filesystem::temp_directory_path() / ("slipway-notices-" + real_random().hex(12));
    std::filesystem::create_directories(path);
    return path;
  }();
};

TEST_CASE("Notices: a file that comes by rename is told to everybody who asked, and to nobody who left") {
  Place place;
  int first = 0, second = 0;
  const auto one = place.real.notices().on_new_file(place.directory, [&] { ++first; });
  const auto two = place.real.notices().on_new_file(place.directory, [&] { ++second; });
  REQUIRE(one);
  REQUIRE(two);
  REQUIRE(real_files().write_derived(place.directory + "/a", "1"));
  CHECK(place.runs_until([&] { return first == 1 && second == 1; }));
  place.real.notices().forget(*one);
  place.real.notices().forget(*one);  // twice does no harm
  REQUIRE(real_files().write_derived(place.directory + "/b", "1"));
  CHECK(place.runs_until([&] { return second == 2; }));
  CHECK(first == 1);
  std::ofstream(place.directory + "/a", std::ios::app) << "more";  // written to: nobody asked for that
  place.settle();
  CHECK(second == 2);
}

TEST_CASE("Notices: forgetting works while a notice is on its way") {
  Place place;
  int told = 0;
  const auto id = place.real.notices().on_new_file(place.directory, [&] { ++told; });
  REQUIRE(id);
  REQUIRE(real_files().write_derived(place.directory + "/first", ""));
  CHECK(place.runs_until([&] { return told == 1; }));
  REQUIRE(real_files().write_derived(place.directory + "/second", ""));
  place.real.loop().post([&] { place.real.notices().forget(*id); });
  place.settle();
  CHECK(told == 1);
}

TEST_CASE("Notices: growth of a file is told once, as is that its name means another file") {
  Place place;
  const std::string path = place.directory + "/log";
  CHECK(place.real.notices().on_growth(path, [] {}).error().code == Code::not_found);
  std::ofstream(path) << "one";
  int first = 0, second = 0;
  REQUIRE(place.real.notices().on_growth(path, [&] { ++first; }));
  REQUIRE(place.real.notices().on_growth(path, [&] { ++second; }));
  std::ofstream(path, std::ios::app) << "two";
  CHECK(place.runs_until([&] { return first == 1 && second == 1; }));
  std::ofstream(path, std::ios::app) << "three";
  place.settle();
  CHECK(first == 1);
  REQUIRE(place.real.notices().on_growth(path, [&] { ++first; }));
  std::filesystem::rename(path, path + ".1");
  CHECK(place.runs_until([&] { return first == 2; }));
  const auto forgotten = place.real.notices().on_growth(path + ".1", [&] { ++second; });
  REQUIRE(forgotten);
  place.real.notices().forget(*forgotten);
  std::ofstream(path + ".1", std::ios::app) << "four";
  place.settle();
  CHECK(second == 1);
}

TEST_CASE("Notices: a directory that is removed and made again can be watched again") {
  Place place;
  const std::string path = place.directory + "/gone";
  REQUIRE(real_files().make_directories(path));
  int told = 0;
  const auto before = place.real.notices().on_new_file(path, [&] { ++told; });
  REQUIRE(before);
  REQUIRE(real_files().remove_tree(path));
  place.settle();
  CHECK(place.real.notices().on_new_file(path, [] {}).error().code == Code::not_found);
  REQUIRE(real_files().make_directories(path));
  REQUIRE(place.real.notices().on_new_file(path, [&] { ++told; }));
  REQUIRE(real_files().write_derived(path + "/file", ""));
  CHECK(place.runs_until([&] { return told == 1; }));
  place.real.notices().forget(*before);
}

TEST_CASE("Notices: the end of a process that is nobody's child here is told once") {
  Place place;
  // `sleep` is the child of the shell that leaves at once.
  auto shell = place.real.world().processes.spawn({{"/bin/sh", "-c",
                                                    "sleep 1000 & echo $! > " + place.directory + "/pid.new; mv " +
                                                        place.directory + "/pid.new " + place.directory + "/pid"},
                                                   {{"PATH", "/usr/bin:/bin"}},
                                                   "",
                                                   "",
                                                   "",
                                                   true},
                                                  nullptr);
  REQUIRE(shell);
  REQUIRE(place.runs_until([&] { return real_files().exists(place.directory + "/pid"); }));
  const auto orphan = identify(std::stoi(*real_files().read(place.directory + "/pid")));
  REQUIRE(orphan);
  int told = 0;
  REQUIRE(place.real.notices().on_end(*orphan, [&] { ++told; }));
  ProcessIdentity former = *orphan;
  --former.start_ticks;
  CHECK(place.real.notices().on_end(former, [] {}).error().code == Code::not_found);
  REQUIRE(place.real.world().processes.signal(*orphan, SIGKILL, false));
  CHECK(place.runs_until([&] { return told == 1; }));
  place.settle();
  CHECK(told == 1);
}

}  // namespace
}  // namespace slipway::core
