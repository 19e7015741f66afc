// Random writers, groups, commit faults, crashes and watchers, against the log of what became durable: each watcher's
// history is a piece of that log, without a gap, from where it began. A failing seed is printed and replays exactly.

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/backend.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Entry {
  std::int64_t version;
  EventType type;
  std::string kind, name, value;
  bool operator==(const Entry&) const = default;
};

Entry entry_of(const Change& change) {
  return {change.version, change.type, std::string(change.kind.kind), change.object.name().name,
          change.object.spec()["value"].string_or("")};
}

constexpr std::size_t kRing = 60;

class Run {
 public:
  explicit Run(std::uint64_t seed) : world_(seed) { backend_ = open(); }

  void step() {
    auto& random = parts_.random;
    const bool faulty = random.below(6) == 0;
    if (faulty) database_->set_commit_fault([]() -> Result<> { return fail(Code::resource_exhausted, "disk full"); });
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        commit(write_one());
        break;
      case 3:
        write_group();
        break;
      case 4:
        open_watch();
        break;
      case 5:
        if (!watchers_.empty() && random.below(4) == 0) watchers_.erase(watchers_.begin());
        break;
      case 6:
        world_.run_for(std::chrono::milliseconds(random.below(3)));
        break;
      default:
        database_->set_commit_fault({});
        if (random.below(8) == 0) crash();
    }
    database_->set_commit_fault({});
  }

  void finish() {
    world_.run_for(std::chrono::seconds(1));
    for (const auto& watcher : watchers_) check(*watcher, true);
    compare();
  }

 private:
  struct Watcher {
    Kind kind;
    std::int64_t from = 0;
    std::vector<Entry> history;
    bool cut = false;
    std::unique_ptr<ChangeWatch> watch;
  };

  std::unique_ptr<Backend> open() {
    return make_sqlite_backend(parts_, *database_, nullptr, {.ring_size = kRing}).value();
  }

  const Kind& any_kind() { return parts_.random.below(2) == 0 ? kinds::pod : kinds::config_map; }

  // Changes the model as if it were durable; nullopt when the write was refused.
  std::optional<Entry> write_one() {
    auto& random = parts_.random;
    const auto& kind = any_kind();
    const auto name = "o" + std::to_string(random.below(5));
    const auto key = std::string(kind.kind) + "/" + name;
    const auto found = backend_->find(kind, {"demo", name}).value();
    CHECK(found.has_value() == state_.contains(key));
    const auto value = random.hex(4);
    if (!found) {
      auto object = Object::make(kind, {"demo", name});
      object.document().at_or_insert("metadata").at_or_insert("uid") = random.uuid();
      object.spec().at_or_insert("value") = value;
      const auto made = backend_->insert(kind, object);
      if (!made) return std::nullopt;
      state_[key] = value;
      return Entry{made->version, EventType::added, std::string(kind.kind), name, value};
    }
    auto object = found->parse().value();
    CHECK(object.spec()["value"].string_or("") == state_[key]);
    if (random.below(8) == 0) {
      CHECK(backend_->replace(kind, object, found->version + 1).error().code != Code::internal);
      return std::nullopt;
    }
    if (random.below(3) == 0) {
      const auto erased = backend_->erase(kind, object, found->version);
      if (!erased) return std::nullopt;
      const auto last = state_[key];
      state_.erase(key);
      return Entry{erased->version, EventType::deleted, std::string(kind.kind), name, last};
    }
    object.spec().at_or_insert("value") = value;
    const auto written = backend_->replace(kind, object, found->version);
    if (!written) return std::nullopt;
    state_[key] = value;
    return Entry{written->version, EventType::modified, std::string(kind.kind), name, value};
  }

  void commit(const std::optional<Entry>& entry) {
    if (entry) log_.push_back(*entry);
    durable_ = state_;
  }

  void write_group() {
    std::vector<Entry> entries;
    const auto outcome = backend_->group([&] {
      for (auto writes = parts_.random.below(5); writes > 0; --writes) {
        if (const auto entry = write_one()) entries.push_back(*entry);
      }
    });
    if (outcome) {
      for (const auto& entry : entries) commit(entry);
    } else {
      state_ = durable_;
    }
  }

  void open_watch() {
    auto watcher = std::make_unique<Watcher>();
    watcher->kind = any_kind();
    const auto version = backend_->version(watcher->kind).value();
    watcher->from = static_cast<std::int64_t>(parts_.random.below(static_cast<std::uint64_t>(version) + 2));
    follow(*watcher, parts_.random.below(3) == 0);
    if (watcher->watch) watchers_.push_back(std::move(watcher));
  }

  void follow(Watcher& watcher, bool from_now) {
    const auto version = backend_->version(watcher.kind).value();
    const auto after = from_now ? std::nullopt : std::optional(watcher.from);
    auto opened = backend_->watch(watcher.kind, after, [w = &watcher](const std::shared_ptr<const Change>& change) {
      REQUIRE_FALSE(w->cut);
      if (change == nullptr) {
        w->cut = true;
      } else {
        w->history.push_back(entry_of(*change));
      }
    });
    const auto oldest = std::max<std::int64_t>(version - static_cast<std::int64_t>(kRing), 0);
    const bool is_kept = from_now || (watcher.from >= oldest && watcher.from <= version);
    CHECK(opened.has_value() == is_kept);
    if (!opened) return;
    if (from_now) watcher.from = version;
    watcher.watch = std::move(*opened);
  }

  // The history so far is how the log goes on from where it began.
  void check(const Watcher& watcher, bool is_settled) const {
    CAPTURE(watcher.from);
    std::vector<Entry> expected;
    for (const auto& entry : log_) {
      if (entry.kind == watcher.kind.kind && entry.version > watcher.from) expected.push_back(entry);
    }
    REQUIRE(watcher.history.size() <= expected.size());
    if (is_settled && !watcher.cut) {
      CHECK(watcher.history.size() == expected.size());
      CHECK(watcher.watch->version() == (log_.empty() ? 0 : log_.back().version));
    }
    expected.resize(watcher.history.size());
    CHECK(watcher.history == expected);
  }

  // Each goes on from the version it was told last, as a client does.
  void crash() {
    for (const auto& watcher : watchers_) check(*watcher, false);
    std::vector<std::int64_t> told;
    for (const auto& watcher : watchers_) told.push_back(watcher->watch->version());
    backend_.reset();
    world_.crash_control_plane();
    backend_ = open();
    auto old = std::exchange(watchers_, {});
    for (std::size_t i = 0; i < old.size(); ++i) {
      if (old[i]->cut) continue;
      auto again = std::make_unique<Watcher>();
      again->kind = old[i]->kind;
      again->from = told[i];
      old[i]->watch.reset();
      follow(*again, false);
      if (again->watch) watchers_.push_back(std::move(again));
    }
    compare();
  }

  void compare() {
    std::map<std::string, std::string> listed;
    for (const auto* kind : {&kinds::pod, &kinds::config_map}) {
      REQUIRE(backend_
                  ->list(*kind, {},
                         [&](const Stored& stored) {
                           listed[std::string(kind->kind) + "/" + stored.name.name] =
                               stored.parse().value().spec()["value"].string_or("");
                           return true;
                         })
                  .has_value());
    }
    CHECK(listed == durable_);
  }

  core::SimulatedWorld world_;
  core::World parts_ = world_.world();
  std::unique_ptr<storage::Database> database_ = storage::open_sqlite(":memory:").value();
  std::unique_ptr<Backend> backend_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::map<std::string, std::string> state_, durable_;
  std::vector<Entry> log_;
};

}  // namespace

TEST_CASE("random writes, groups, failing commits and crashes: every watcher's history is the log") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    for (int i = 0; i < 300; ++i) run.step();
    run.finish();
  }
}
