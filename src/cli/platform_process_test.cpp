// What a PlatformProcess makes of a child that tells, and of one that dies without a word. The children are shells.

#include "cli/platform_process.hpp"

#include <doctest/doctest.h>

#include "core/world/real.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;

namespace {

struct Child {
  storage::TestDirectory directory;
  cli::PlatformProcess process;
  explicit Child(const std::string& script)
      : process({"/bin/sh", "-c", script}, directory.path(), directory.path() + "/log") {}
};

}  // namespace

TEST_CASE("a start is what the child says of it") {
  Child child(R"(printf '{"warnings":["a port moved"]}' > "$SLIPWAY_START_REPORT.new" &&
                 mv "$SLIPWAY_START_REPORT.new" "$SLIPWAY_START_REPORT"; exec sleep 100)");
  REQUIRE(child.process.start(false));
  CHECK(child.process.warnings() == std::vector<std::string>{"a port moved"});
  CHECK(core::real_files().list(child.directory.path()).value() == std::vector<std::string>{"log"});
}

TEST_CASE("a child's error keeps its code and its text") {
  Child child(R"(printf '{"code":"conflict","message":"runs already; see there"}' > "$SLIPWAY_START_REPORT.new" &&
                 mv "$SLIPWAY_START_REPORT.new" "$SLIPWAY_START_REPORT"; exit 3)");
  const auto started = child.process.start(false);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == Code::conflict);
  CHECK(started.error().render() == "runs already; see there");
}

TEST_CASE("of a child that dies without a word, this start's last lines are shown") {
  Child child("echo first; echo second; kill -9 $$");
  for (int i = 0; i < 2; ++i) {
    const auto started = child.process.start(false);
    REQUIRE_FALSE(started);
    CHECK(started.error().message.find("signal 9") != std::string::npos);
    REQUIRE(started.error().causes.size() == 2);
    CHECK(started.error().causes[0].message == "first");
    CHECK(started.error().causes[1].message == "second");
  }
}
