#include "server/backup.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"
#include "objects/backend.hpp"
#include "objects/kinds.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "team/audit.hpp"

using namespace slipway;
using namespace slipway::server;
namespace fs = std::filesystem;

namespace {

// A data directory with something of everything.
struct Site {
  core::SimulatedWorld world{7};
  core::World parts = world.world();
  std::string root;
  Layout layout;

  Site() {
    std::string pattern = (fs::temp_directory_path() / "slipway-test-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    layout = Layout{root + "/data"};
    REQUIRE(layout.make().has_value());
  }
  ~Site() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  void fill() {
    write("one");
    const auto blobs = storage::open_directory_blobs(layout.blobs()).value();
    REQUIRE(blobs->put("weights").has_value());
    put_file(layout.repositories() + "/models.git/HEAD", "ref: refs/heads/main\n");
    put_file(layout.repositories() + "/models.git/refs/heads/main", "0123\n");
    put_file(layout.repositories() + "/models.git/refs/heads/main.lock", "");
    put_file(layout.repositories() + "/models.git/objects/01/23", "commit");
    put_file(layout.repositories() + "/models.git/objects/incoming-x/23", "half");
    put_file(layout.tokens() + "/default", "secret");
    put_file(layout.certificates() + "/ca.key", "signs");
    fs::permissions(layout.certificates() + "/ca.key", fs::perms::owner_read | fs::perms::owner_write);
    put_file(layout.team(), "people: []\n");
    put_file(layout.pods() + "/uid/log", "not in a backup");
    put_file(layout.log(), "not in a backup");
  }

  // One object and one audit record, as a running platform would write them.
  void write(const std::string& name) {
    const auto database = storage::open_sqlite(layout.database()).value();
    const auto fleeting = storage::open_sqlite(layout.volatile_database()).value();
    auto key = core::real_files().read(layout.audit_key());
    REQUIRE(parts.files.make_directories("/sim").has_value());
    if (key) REQUIRE(parts.files.write_atomic("/sim/audit.key", *key).has_value());
    const auto audit = team::AuditLog::open(parts, *database, "/sim/audit.key").value();
    put_file(layout.audit_key(), parts.files.read("/sim/audit.key").value());
    const auto backend = objects::make_sqlite_backend(parts, *database, fleeting.get()).value();
    for (const auto* kind : {&objects::kinds::config_map, &objects::kinds::lease}) {
      auto object = objects::Object::make(*kind, {"demo", name});
      object.document().at_or_insert("metadata").at_or_insert("uid") = "uid-" + name;
      REQUIRE(backend->insert(*kind, object).has_value());
    }
    audit->record({.actor = "ada@example.com", .action = "made", .object = name});
  }
  std::string names() const {
    const auto database = storage::open_sqlite(layout.database()).value();
    std::string all;
    REQUIRE(database
                ->read([&](storage::Connection& c) {
                  return c.query("SELECT name FROM object WHERE kind = 'ConfigMap' ORDER BY name", {},
                                 [&](const storage::Row& row) { all += row.text(0) + " "; });
                })
                .has_value());
    return all;
  }
  static void put_file(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  static std::string text(const std::string& path) { return core::real_files().read(path).value_or("<none>"); }
};

}  // namespace

TEST_CASE_FIXTURE(Site, "what was backed up comes back, into an empty directory or over other data") {
  fill();
  const auto backup = root + "/backup";
  const auto summary = back_up(layout, backup).value();
  CHECK(summary.blobs == 1);
  CHECK(summary.repositories == 1);
  CHECK(summary.audit_entries == 1);
  CHECK_FALSE(fs::exists(backup + ".unfinished"));
  CHECK_FALSE(fs::exists(backup + "/pods"));
  CHECK_FALSE(fs::exists(backup + "/slipway.log"));
  CHECK_FALSE(fs::exists(backup + "/repos/models.git/refs/heads/main.lock"));
  CHECK_FALSE(fs::exists(backup + "/repos/models.git/objects/incoming-x"));
  struct stat status{};
  REQUIRE(::stat(backup.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  write("two");

  std::string replaced;
  SUBCASE("elsewhere") {
    layout = Layout{root + "/elsewhere"};
    REQUIRE(restore(layout, backup).has_value());
  }
  SUBCASE("over what is there") {
    CHECK(restore(layout, backup).error().code == Code::failed_precondition);
    CHECK(names() == "one two ");
    const auto restored = restore(layout, backup, {.force = true}).value();
    CHECK(restored.replaced == layout.root + "/before-restore");
    CHECK(fs::exists(restored.replaced + "/slipway.db"));
    CHECK(Site::text(restored.replaced + "/pods/uid/log") == "not in a backup");
  }
  CHECK(names() == "one ");
  CHECK(Site::text(layout.tokens() + "/default") == "secret");
  CHECK(Site::text(layout.certificates() + "/ca.key") == "signs");
  CHECK((fs::status(layout.certificates() + "/ca.key").permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(Site::text(layout.repositories() + "/models.git/refs/heads/main") == "0123\n");
  CHECK(Site::text(layout.repositories() + "/models.git/objects/01/23") == "commit");
  CHECK(storage::open_directory_blobs(layout.blobs()).value()->get(core::Digest::of("weights")).value() == "weights");
  CHECK_FALSE(fs::exists(layout.root + "/restore.unfinished"));
  CHECK_FALSE(fs::exists(layout.root + "/backup.json"));

  // The platform goes on from there; what clients knew before is gone.
  const auto database = storage::open_sqlite(layout.database()).value();
  const auto fleeting = storage::open_sqlite(layout.volatile_database()).value();
  const auto backend = objects::make_sqlite_backend(parts, *database, fleeting.get()).value();
  for (const auto* kind : {&objects::kinds::config_map, &objects::kinds::lease}) {
    for (const std::int64_t version : {1, 2, 3}) {
      CHECK(backend->watch(*kind, version, [](const auto&) {}).error().code == Code::gone);
    }
  }
  write("three");
  CHECK(names() == "one three ");
}

TEST_CASE_FIXTURE(Site, "a restore is refused while a platform runs there, forced or not") {
  fill();
  REQUIRE(back_up(layout, root + "/backup").has_value());
  const auto lock = DirectoryLock::take(layout).value();
  CHECK(restore(layout, root + "/backup").error().code == Code::conflict);
  CHECK(restore(layout, root + "/backup", {.force = true}).error().code == Code::conflict);
  CHECK(back_up(layout, root + "/another").has_value());  // a backup is not
}

TEST_CASE_FIXTURE(Site, "a backup without blobs leaves those that are there") {
  fill();
  const auto summary = back_up(layout, root + "/backup", {.with_blobs = false}).value();
  CHECK_FALSE(summary.with_blobs);
  CHECK_FALSE(fs::exists(root + "/backup/blobs"));
  REQUIRE(restore(layout, root + "/backup", {.force = true}).has_value());
  CHECK(storage::open_directory_blobs(layout.blobs()).value()->contains(core::Digest::of("weights")));
}

TEST_CASE_FIXTURE(Site, "a damaged backup is refused before anything is replaced") {
  fill();
  const auto backup = root + "/backup";
  REQUIRE(back_up(layout, backup).has_value());
  const auto change = [&](const std::string& sql) {
    const auto database = storage::open_sqlite(backup + "/slipway.db").value();
    REQUIRE(database->write([&](storage::Connection& c) { return c.execute(sql); }).has_value());
  };
  Code expected = Code::data_loss;
  SUBCASE("a record was changed") { change("UPDATE team_audit SET record = replace(record, 'ada', 'eve')"); }
  SUBCASE("the key is another") { put_file(backup + "/audit.key", "another\n"); }
  SUBCASE("the log was emptied") { change("DELETE FROM team_audit; DELETE FROM team_audit_head"); }
  SUBCASE("bytes were flipped") {
    std::fstream file(backup + "/slipway.db", std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 2; page < 12; ++page) {
      file.seekp(page * 4096);
      file << std::string(64, '\xff');
    }
  }
  SUBCASE("it was never finished") {
    fs::remove(backup + "/backup.json");
    expected = Code::invalid_argument;
  }
  SUBCASE("it is of another format") {
    put_file(backup + "/backup.json", "{\"format\": 9}");
    expected = Code::failed_precondition;
  }
  CHECK(restore(layout, backup, {.force = true}).error().code == expected);
  CHECK(names() == "one ");
  CHECK(Site::text(layout.tokens() + "/default") == "secret");
  CHECK_FALSE(fs::exists(layout.root + "/before-restore"));
}

TEST_CASE_FIXTURE(Site, "a backup is not made of nothing, nor over something") {
  CHECK(back_up(layout, root + "/backup").error().code == Code::failed_precondition);
  fill();
  put_file(root + "/taken/file", "x");
  CHECK(back_up(layout, root + "/taken").error().code == Code::failed_precondition);
  fs::create_directories(root + "/empty");
  put_file(root + "/empty.unfinished/left", "by a try that died");
  CHECK(back_up(layout, root + "/empty").has_value());
  CHECK_FALSE(fs::exists(root + "/empty/left"));
}
