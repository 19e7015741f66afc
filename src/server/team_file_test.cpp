#include "server/team_file.hpp"

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

struct Record : core::EventSink {
  void record(core::Event event) override {
    lines.push_back(event.action + " " + event.object);
    detail = event.detail;
  }
  std::vector<std::string> lines;
  std::string detail;  // of the last
};

struct Office {
  core::SimulatedWorld simulation{1};
  core::World world = simulation.world();
  server::Layout layout{"/data"};
  Record record;
  std::vector<std::string> team;  // ids, as last taken
  int failures = 0;               // of the next ones who take it
  std::unique_ptr<server::TeamFile> file;

  Office() {
    REQUIRE(world.files.make_directories("/data", 0700));
    write("people:\n- {id: ada@example.com, name: Ada, roles: [ml-engineer]}\n");
    file = std::make_unique<server::TeamFile>(world, layout, record,
                                              [this](std::vector<team::Person> people) { return take(people); });
  }
  Result<> take(const std::vector<team::Person>& people) {
    if (failures > 0) {
      --failures;
      return fail(Code::unavailable, "no disk");
    }
    team.clear();
    for (const auto& person : people) team.push_back(person.id);
    return {};
  }
  void write(const std::string& text) { REQUIRE(world.files.write_atomic(layout.team(), text, 0600)); }
};

constexpr const char* two =
    "people:\n- {id: ada@example.com, name: Ada, roles: [ml-engineer]}\n"
    "- {id: bob@example.com, name: Bob, roles: [tech-lead]}\n";

}  // namespace

TEST_CASE_FIXTURE(Office, "team.yaml: who is written into it is of the team some seconds later") {
  simulation.run_for(10s);
  CHECK(team.empty());  // nothing changed
  write(two);
  simulation.run_for(3s);
  CHECK(team == std::vector<std::string>{"ada@example.com", "bob@example.com", "ci@slipway"});
  CHECK(record.lines == std::vector<std::string>{"changed team.yaml"});
  CHECK(record.detail == "came: bob@example.com");
  simulation.run_for(10s);
  CHECK(record.lines.size() == 1);
}

TEST_CASE_FIXTURE(Office, "team.yaml: who is not in it any more leaves when it has stayed so, not while it is copied") {
  write(two);
  simulation.run_for(3s);
  write("people:\n- {id: ada@example.com, name: Ada, roles: [tech-lead]}\n");
  simulation.run_for(5s);
  CHECK(team.size() == 3);
  write(two);
  simulation.run_for(20s);
  CHECK(team.size() == 3);
  write("people:\n- {id: ada@example.com, name: Ada, roles: [tech-lead]}\n");
  simulation.run_for(15s);
  CHECK(team == std::vector<std::string>{"ada@example.com", "ci@slipway"});
  CHECK(record.detail == "left: bob@example.com; other roles: ada@example.com");
}

TEST_CASE_FIXTURE(Office, "team.yaml: one that is wrong, or gone, is told once and changes nothing") {
  write("people:\n- {id: ada@example.com, roles: [king]}\n");
  simulation.run_for(10s);
  REQUIRE(world.files.remove_tree(layout.team()));
  simulation.run_for(10s);
  CHECK(team.empty());
  CHECK(record.lines == std::vector<std::string>{"refused team.yaml", "refused team.yaml"});
  write(two);
  simulation.run_for(3s);
  CHECK(team.size() == 3);
}

TEST_CASE_FIXTURE(Office, "team.yaml: half a file is not taken, and who could not be kept is tried again") {
  failures = 2;
  write("people: []\n");
  simulation.run_for(1s);
  write(two);
  simulation.run_for(10s);
  CHECK(failures == 0);
  CHECK(team.size() == 3);
  CHECK(record.lines == std::vector<std::string>{"changed team.yaml"});
}
