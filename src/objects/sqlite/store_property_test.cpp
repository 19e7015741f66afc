// Random operations, commit faults and crashes, against a model of a few lines: a map, and what a watcher must have
// seen. A failing seed is printed and replays exactly.

#include <doctest/doctest.h>

#include "core/world/simulated.hpp"
#include "objects/kinds.hpp"
#include "objects/store.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Model {
  std::string value;
  std::string version;
  bool finalizer = false;
  bool dying = false;
};

// What an informer would hold: fed by the watch alone.
struct Mirror {
  std::map<std::string, std::string> values;
  std::string version = "0";
  void take(const WatchEvent& event) {
    const auto name = event.object.name().name;
    version = event.object.resource_version();
    if (event.type == EventType::deleted) {
      CHECK(values.erase(name) == 1);
    } else {
      CHECK(values.contains(name) == (event.type == EventType::modified));
      values[name] = event.object.spec()["hostname"].string_or("");
    }
  }
};

class Run {
 public:
  explicit Run(std::uint64_t seed) : world_(seed) { reopen(); }

  void step() {
    auto& random = parts_.random;
    const auto name = "o" + std::to_string(random.below(4));
    const bool faulty = random.below(8) == 0;
    if (faulty) database_->set_commit_fault([]() -> Result<> { return fail(Code::resource_exhausted, "disk full"); });
    switch (random.below(8)) {
      case 0:
      case 1:
        create(name, random.below(2) == 0, faulty);
        break;
      case 2:
      case 3:
        update(name, random.below(3) == 0, faulty);
        break;
      case 4:
        remove(name, faulty);
        break;
      case 5:
        drop_finalizer(name, faulty);
        break;
      case 6:
        world_.run_for(std::chrono::milliseconds(random.below(3)));
        break;
      default:
        database_->set_commit_fault({});
        if (random.below(5) == 0) crash();
    }
    database_->set_commit_fault({});
    compare();
  }

  void finish() {
    world_.run_for(std::chrono::seconds(1));
    std::map<std::string, std::string> expected;
    for (const auto& [name, object] : model_) expected[name] = object.value;
    CHECK(mirror_.values == expected);
  }

 private:
  static Name key(const std::string& name) { return {"demo", name}; }

  void reopen() {
    watch_.reset();
    store_ = std::move(*make_sqlite_store(parts_, *database_));
    watch_ = std::move(
        *store_->watch(kinds::pod, mirror_.version, [this](const WatchEvent& event) { mirror_.take(event); }));
  }
  void crash() {
    watch_.reset();
    store_.reset();
    world_.crash_control_plane();
    reopen();
  }

  void create(const std::string& name, bool finalizer, bool faulty) {
    auto object = Object::make(kinds::pod, key(name));
    const auto value = parts_.random.hex(4);
    object.spec().at_or_insert("hostname") = value;
    if (finalizer) object.add_finalizer("slipway.dev/test");
    const auto made = store_->create(object);
    if (model_.contains(name)) {
      CHECK(made.error().code == Code::already_exists);
      return;
    }
    CHECK(made.has_value() == !faulty);
    if (made) {
      model_[name] = {value, made->resource_version(), finalizer, false};
    }
  }

  void update(const std::string& name, bool stale, bool faulty) {
    const auto found = store_->find(kinds::pod, key(name));
    if (!*found) return;
    auto object = **found;
    const auto value = parts_.random.hex(4);
    object.spec().at_or_insert("hostname") = value;
    if (stale) object.document().at_or_insert("metadata").at_or_insert("resourceVersion") = "0";
    const auto written = store_->update(object);
    if (stale) {
      CHECK(written.error().code == Code::conflict);
      return;
    }
    CHECK(written.has_value() == !faulty);
    if (written) {
      model_[name].value = value;
      model_[name].version = written->resource_version();
    }
  }

  void remove(const std::string& name, bool faulty) {
    const auto found = model_.find(name);
    const auto removed = store_->remove(kinds::pod, key(name));
    if (found == model_.end()) {
      CHECK(removed.error().code == Code::not_found);
      return;
    }
    if (!removed) {
      CHECK(faulty);
    } else if (!found->second.finalizer) {
      model_.erase(found);
    } else if (!found->second.dying) {
      found->second.dying = true;
      found->second.version = store_->get(kinds::pod, key(name))->resource_version();
    }
  }

  void drop_finalizer(const std::string& name, bool faulty) {
    const auto found = model_.find(name);
    if (found == model_.end() || !found->second.finalizer) return;
    auto object = *store_->get(kinds::pod, key(name));
    object.remove_finalizer("slipway.dev/test");
    const auto written = store_->update(object);
    CHECK(written.has_value() == !faulty);
    if (!written) return;
    found->second.finalizer = false;
    found->second.version = written->resource_version();
    if (found->second.dying) model_.erase(found);
  }

  void compare() {
    const auto list = *store_->list(kinds::pod);
    CHECK(list.items.size() == model_.size());
    for (const auto& item : list.items) {
      const auto found = model_.find(item.name().name);
      REQUIRE(found != model_.end());
      CHECK(item.spec()["hostname"].string_or("") == found->second.value);
      CHECK(item.resource_version() == found->second.version);
      CHECK(item.is_being_deleted() == found->second.dying);
    }
  }

  core::SimulatedWorld world_;
  core::World parts_ = world_.world();
  std::unique_ptr<storage::Database> database_ = std::move(*storage::open_sqlite(":memory:"));
  std::unique_ptr<Store> store_;
  std::unique_ptr<Watch> watch_;
  std::map<std::string, Model> model_;
  Mirror mirror_;
};

}  // namespace

TEST_CASE("random writes, failing commits and crashes leave the store and its watchers as a simple model says") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    for (int i = 0; i < 150; ++i) run.step();
    run.finish();
  }
}
