#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "storage/database.hpp"
#include "team/audit.hpp"

using namespace slipway;

namespace {

core::Event event(std::string actor, std::string action, std::string object) {
  core::Event e;
  e.actor = std::move(actor);
  e.action = std::move(action);
  e.object = std::move(object);
  e.detail = "because";
  return e;
}

struct Archive {
  core::SimulatedWorld world{7};
  std::unique_ptr<storage::Database> database = storage::open_sqlite(":memory:").value();
  std::unique_ptr<team::AuditLog> log = open().value();

  Result<std::unique_ptr<team::AuditLog>> open() {
    TRY(world.world().files.make_directories("/data"));
    return team::AuditLog::open(world.world(), *database, "/data/audit.key");
  }

  void fill(int count) {
    for (int i = 0; i < count; ++i) log->record(event("ada@example.com", "pushed", "model@" + std::to_string(i)));
  }
  void sql(const std::string& text, const storage::Args& args = {}) {
    REQUIRE(database->write([&](storage::Connection& c) { return c.execute(text, args); }).has_value());
  }
  std::string complaint() const {
    const auto verified = log->verify();
    return verified ? "" : verified.error().message;
  }
};

}  // namespace

TEST_CASE("records come back in order, whole, and survive a restart") {
  Archive archive;
  archive.fill(3);
  auto timed = event("slipway/rollout-controller", "rolled-back", "Rollout production/x");
  timed.digest = "sha256:abc";
  timed.seconds = 1.5;
  archive.log->record(timed);
  archive.log.reset();
  archive.log = archive.open().value();
  archive.fill(1);

  const auto events = archive.log->list(2, 10).value();
  REQUIRE(events.size() == 3);
  CHECK(events[0].sequence == 3);
  CHECK(events[1].digest == "sha256:abc");
  CHECK(events[1].seconds == 1.5);
  CHECK(events[0].seconds == -1);
  CHECK(events[2].sequence == 5);
  CHECK(archive.log->verify().value().entries == 5);
  CHECK(archive.log->list(0, 2).value().size() == 2);
}

TEST_CASE("what somebody is told was done and its record are durable together, or neither is") {
  Archive archive;
  archive.sql("CREATE TABLE effects (what TEXT UNIQUE)");
  const auto act = [&](const std::string& what) {
    return core::recorded_with(*archive.log, event("ada@example.com", "approved", what), [&] {
      return archive.database->write(
          [&](storage::Connection& c) { return c.execute("INSERT INTO effects (what) VALUES (?)", {what}); });
    });
  };
  CHECK(act("one").has_value());
  CHECK(archive.log->last_sequence() == 1);
  CHECK(!act("one"));  // the effect is refused: no record
  archive.database->set_commit_fault([] { return fail(core::Code::resource_exhausted, "the disk is full"); });
  CHECK(!act("two"));
  archive.log->record(event("slipway", "noticed", "x"));  // kept, and written before the next
  archive.database->set_commit_fault({});
  CHECK(act("three").has_value());
  const auto events = archive.log->list(0, 10).value();
  REQUIRE(events.size() == 3);
  CHECK(events[0].object == "one");
  CHECK(events[1].object == "x");
  CHECK(events[2].object == "three");
  CHECK(archive.complaint().empty());
  archive.fill(1);
  CHECK(archive.log->verify().value().entries == 4);
}

TEST_CASE("records of a group are on record and told with its commit, or undone with it") {
  for (int failing = 0; failing <= 4; ++failing) {
    CAPTURE(failing);
    Archive archive;
    archive.sql("CREATE TABLE effects (what TEXT UNIQUE)");
    std::vector<std::string> heard;
    const auto subscription = archive.log->subscribe([&](const core::Event& e) { heard.push_back(e.object); });
    const auto act = [&](const std::string& what) {
      return core::recorded_with(*archive.log, event("ada@example.com", "approved", what), [&] {
        return archive.database->write(
            [&](storage::Connection& c) { return c.execute("INSERT INTO effects (what) VALUES (?)", {what}); });
      });
    };
    int commits = 0;
    archive.database->set_commit_fault([&]() -> Result<> {
      if (++commits == failing) return fail(core::Code::resource_exhausted, "the disk is full");
      return {};
    });
    archive.log->record(event("slipway", "noticed", "first"));
    const auto group = archive.database->group([&] {
      CHECK(act("a").has_value());
      archive.log->record(event("slipway", "noticed", "b"));
      CHECK(!act("a"));  // refused inside the group: no record
      CHECK(act("c").has_value());
    });
    CHECK(group.has_value() == (failing != 2));
    const auto alone = act("d");
    CHECK(alone.has_value() == (failing != 3));
    archive.log->record(event("slipway", "noticed", "last"));
    archive.database->set_commit_fault({});
    archive.log->record(event("slipway", "noticed", "end"));

    // What was joined to an effect shares its fate; what was only noticed is written later.
    std::vector<std::string> expected{"first"};
    if (group) expected.insert(expected.end(), {"a", "b", "c"});
    if (!group) expected.emplace_back("b");
    if (alone) expected.emplace_back("d");
    expected.insert(expected.end(), {"last", "end"});
    std::vector<std::string> recorded;
    const auto events = archive.log->list(0, 100).value();
    for (const auto& e : events) recorded.push_back(e.object);
    CHECK(recorded == expected);
    CHECK(archive.complaint().empty());
    CHECK(archive.log->last_sequence() == expected.size());
    archive.world.run_for(std::chrono::milliseconds(1));
    CHECK(heard == expected);
  }
}

TEST_CASE("an empty log is a whole log") {
  Archive archive;
  CHECK(archive.log->verify().value().entries == 0);
}

TEST_CASE("flipping any byte of a record is found") {
  Archive archive;
  archive.fill(3);
  std::string original;
  REQUIRE(archive.database
              ->read([&](storage::Connection& c) {
                return c.query("SELECT record FROM team_audit WHERE sequence = 2", {},
                               [&](const storage::Row& row) { original = row.text(0); });
              })
              .has_value());
  for (std::size_t i = 0; i < original.size(); ++i) {
    auto changed = original;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    archive.sql("UPDATE team_audit SET record = ? WHERE sequence = 2", {changed});
    INFO("byte " << i);
    CHECK_FALSE(archive.log->verify().has_value());
  }
  archive.sql("UPDATE team_audit SET record = ? WHERE sequence = 2", {original});
  CHECK(archive.log->verify().has_value());
}

TEST_CASE("rewriting a record together with its own hash is found at the next one") {
  Archive archive;
  archive.fill(3);
  archive.sql("UPDATE team_audit SET record = replace(record, 'ada@', 'eve@'), hash = 'x' WHERE sequence = 2");
  CHECK(archive.complaint().find("record 2") != std::string::npos);
}

TEST_CASE("dropping, reordering and adding records is found") {
  {
    Archive archive;
    archive.fill(4);
    archive.sql("DELETE FROM team_audit WHERE sequence = 2");
    CHECK(archive.complaint() == "the audit log is broken: record 2 is missing (next is 3)");
  }
  {
    Archive archive;
    archive.fill(4);
    archive.sql("UPDATE team_audit SET sequence = 100 WHERE sequence = 2");
    archive.sql("UPDATE team_audit SET sequence = 2 WHERE sequence = 3");
    archive.sql("UPDATE team_audit SET sequence = 3 WHERE sequence = 100");
    CHECK(archive.complaint().find("record 2 does not follow") != std::string::npos);
  }
  {
    Archive archive;
    archive.fill(2);
    archive.sql(
        "INSERT INTO team_audit (sequence, record, hash) SELECT 3, record, hash FROM team_audit WHERE sequence = 2");
    CHECK(archive.complaint().find("record 3 does not follow") != std::string::npos);
  }
}

TEST_CASE("cutting off the end is found, and stays visible when the log goes on") {
  Archive archive;
  archive.fill(5);
  archive.sql("DELETE FROM team_audit WHERE sequence > 3");
  CHECK(archive.complaint() == "the audit log is broken: it ends at record 3, its signed head says 5");
  archive.log = archive.open().value();
  archive.fill(1);
  CHECK(archive.complaint() == "the audit log is broken: record 4 is missing (next is 6)");
}

TEST_CASE("a head that was not signed with the key is refused at the start") {
  Archive archive;
  archive.fill(3);
  archive.sql("DELETE FROM team_audit WHERE sequence = 3");
  archive.sql("UPDATE team_audit_head SET sequence = 2, hash = (SELECT hash FROM team_audit WHERE sequence = 2)");
  CHECK_FALSE(archive.log->verify().has_value());
  CHECK(archive.open().error().code == Code::data_loss);
  archive.sql("DELETE FROM team_audit_head");
  CHECK(archive.open().error().code == Code::data_loss);
}

TEST_CASE("a log whose key is gone is not continued") {
  Archive archive;
  archive.fill(1);
  REQUIRE(archive.world.world().files.remove_tree("/data/audit.key").has_value());
  CHECK(archive.open().error().code == Code::data_loss);
}

TEST_CASE("a record that the disk refuses is written before the next one") {
  Archive archive;
  archive.fill(1);
  bool full = true;
  archive.database->set_commit_fault([&]() -> Result<> {
    if (full) return fail(Code::resource_exhausted, "disk full");
    return {};
  });
  archive.log->record(event("ada@example.com", "approved", "first"));
  CHECK(archive.log->last_sequence() == 1);
  full = false;
  archive.log->record(event("ada@example.com", "approved", "second"));
  archive.database->set_commit_fault({});
  const auto events = archive.log->list(1, 10).value();
  REQUIRE(events.size() == 2);
  CHECK(events[0].object == "first");
  CHECK(events[1].object == "second");
  CHECK(archive.log->verify().has_value());
}

TEST_CASE("subscribers hear of each record once, after it, until they leave") {
  Archive archive;
  std::vector<std::uint64_t> heard;
  auto subscription = archive.log->subscribe([&](const core::Event& e) { heard.push_back(e.sequence); });
  archive.fill(2);
  CHECK(heard.empty());
  archive.world.run_for(std::chrono::milliseconds(1));
  CHECK(heard == std::vector<std::uint64_t>{1, 2});
  subscription.reset();
  archive.fill(1);
  archive.world.run_for(std::chrono::milliseconds(1));
  CHECK(heard.size() == 2);
}

TEST_CASE("the newest records are found, oldest of them first, and those that match a filter") {
  Archive archive;
  archive.fill(5);
  archive.log->record(event("grace@example.com", "approved", "Promotion production/x"));
  archive.fill(1);

  const auto newest = archive.log->find({.limit = 3, .newest = true}).value();
  REQUIRE(newest.events.size() == 3);
  CHECK(newest.events.front().sequence == 5);
  CHECK(newest.events.back().sequence == 7);
  CHECK(newest.matching == 7);

  const auto next = archive.log->find({.after = 2, .limit = 2}).value();
  REQUIRE(next.events.size() == 2);
  CHECK(next.events.front().sequence == 3);
  CHECK(next.matching == 5);

  CHECK(archive.log->find({.actor = "grace"}).value().matching == 1);
  CHECK(archive.log->find({.object = "production/"}).value().events.at(0).action == "approved");
  CHECK(archive.log->find({.actor = "ada", .action = "pushed"}).value().matching == 6);
  CHECK(archive.log->find({.action = "push"}).value().events.empty());
}
