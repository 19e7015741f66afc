// Random interleavings of writers and watchers: whoever watches, from the beginning or from a version, hears the same
// history of each object: no gap, no repetition, versions rising. A failing seed is printed.

#include <map>
#include <random>

#include "objects/kinds.hpp"
#include "support/places.hpp"

using namespace slipway;
using namespace slipway::objects;
using namespace slipway::support;

namespace {

using History = std::vector<Told>;

std::map<std::string, History> by_name(const History& told) {
  std::map<std::string, History> histories;
  for (const auto& each : told) histories[each.name].push_back(each);
  return histories;
}

// added, modified..., deleted, and again; each version above the last.
void check_order(const History& history, bool begins_with_added) {
  bool exists = false;
  std::int64_t last = 0;
  for (const auto& each : history) {
    const auto version = std::stoll(each.version);
    CHECK(version > last);
    last = version;
    const bool is_first = &each == &history.front();
    if (!is_first || begins_with_added) CHECK((each.type == EventType::added) == !exists);
    exists = each.type != EventType::deleted;
  }
}

// What is told of an object is the end of what the first watcher was told, from where this one began: that version may
// be told as `added`, being there already.
void check_same(const History& whole, const History& part) {
  REQUIRE(part.size() <= whole.size());
  const auto skipped = whole.size() - part.size();
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto& expected = whole[skipped + i];
    CHECK(part[i].version == expected.version);
    CHECK(part[i].uid == expected.uid);
    if (i > 0) CHECK(part[i].type == expected.type);
  }
}

class Run {
 public:
  Run(Place& place, std::uint64_t seed) : place_(place), luck_(seed), first_(place, place.store(), kinds::config_map) {}

  void step() {
    auto& store = below(2) == 0 ? place_.store() : place_.other_store();
    const Name name{place_.ns(), "n" + std::to_string(below(4))};
    const auto value = std::to_string(++value_);
    switch (below(9)) {
      case 0:
      case 1:
        (void)store.create(config_map(place_, name.name, value));
        break;
      case 2:
      case 3:
      case 4:
        (void)store.update(config_map(place_, name.name, value));
        break;
      case 5:
        (void)store.remove(kinds::config_map, name);
        break;
      case 6:
        (void)store.apply(config_map(place_, name.name, value));
        break;
      case 7:
        place_.run_for(std::chrono::microseconds(below(3000)));
        break;
      default:
        if (later_.size() < 6) listen(store);
    }
  }

  void finish() {
    ListOptions options;
    options.ns = place_.ns();
    // A last write that everybody has to hear of.
    const auto last = place_.store().create(config_map(place_, "last"));
    REQUIRE(last);
    const auto heard = [&](const Listener& listener) {
      return !listener.told().empty() && listener.told().back().name == "last";
    };
    CHECK(place_.run_until([&] {
      for (const auto& each : later_) {
        if (!heard(each.listener)) return false;
      }
      return heard(first_);
    }));
    const auto whole = by_name(first_.told());
    for (const auto& [name, history] : whole) {
      CAPTURE(name);
      check_order(history, true);
    }
    for (const auto& each : later_) {
      auto parts = by_name(each.listener.told());
      for (const auto& [name, part] : parts) {
        CAPTURE(name);
        check_order(part, each.is_from_beginning);
        check_same(whole.at(name), part);
      }
      // Nothing that is there now was kept from anybody who asked for everything.
      if (!each.is_from_beginning) continue;
      for (const auto& [name, history] : whole) {
        if (history.back().type != EventType::deleted) CHECK(parts.contains(name));
      }
    }
    const auto list = place_.store().list(kinds::config_map, options);
    REQUIRE(list);
    std::map<std::string, std::string> there;
    for (const auto& item : list->items) {
      if (item.name().name != "kube-root-ca.crt") there[item.name().name] = item.resource_version();
    }
    std::map<std::string, std::string> told;
    for (const auto& [name, history] : whole) {
      if (history.back().type != EventType::deleted) told[name] = history.back().version;
    }
    CHECK(told == there);
  }

 private:
  struct Later {
    Listener listener;
    bool is_from_beginning;
  };
  std::uint64_t below(std::uint64_t limit) { return luck_() % limit; }
  void listen(Store& store) {
    const bool is_from_beginning = below(2) == 0;
    std::string from;
    if (!is_from_beginning) {
      const auto list = store.list(kinds::config_map);
      REQUIRE(list);
      from = list->resource_version;
    }
    later_.push_back({Listener(place_, store, kinds::config_map, from), is_from_beginning});
  }

  Place& place_;
  std::mt19937_64 luck_;
  Listener first_;
  std::vector<Later> later_;
  int value_ = 0;
};

}  // namespace

TEST_CASE("every store: whoever watches hears the same history of each object") {
  on_every_store([](Place& place) {
    const std::uint64_t seeds = place.traits().is_remote ? 3 : 8;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      CAPTURE(seed);
      Run run(place, seed);
      for (int i = 0; i < 150; ++i) run.step();
      run.finish();
      (void)place.store().remove(kinds::config_map, {place.ns(), "last"});
      place.run_for(std::chrono::milliseconds(50));
    }
  });
}
