// What the object backend costs over bare SQLite, in the same run and on the same disk: a write over a row and a
// commit, a read over a SELECT of the same bytes, a group of writes over one commit, and how a change's cost grows with
// those who watch it. Usage: objects_backend [--objects N] [--directory DIR]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/world/real.hpp"
#include "core/world/simulated.hpp"
#include "objects/backend.hpp"
#include "objects/kinds.hpp"
#include "storage/database.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

double microseconds(const std::function<void()>& work) {
  auto& clock = core::real_clock();
  const auto begin = clock.monotonic();
  work();
  return std::chrono::duration<double, std::micro>(clock.monotonic() - begin).count();
}

// The median of rounds, each of `each` operations: microseconds for one.
double median(int rounds, int each, const std::function<void(int)>& operation) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(microseconds([&] {
                      for (int i = 0; i < each; ++i) operation(round * each + i);
                    }) /
                    each);
  }
  std::ranges::nth_element(times, times.begin() + rounds / 2);
  return times[static_cast<std::size_t>(rounds / 2)];
}

void check(const Result<>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().one_line().c_str());
  std::exit(1);
}

template <class T>
T checked(Result<T> result) {
  if (!result) check(fail(std::move(result).error()));
  return std::move(*result);
}

void row(const char* name, double ours, double floor) {
  std::printf("%-28s %10.1f us %10.1f us   x%.2f\n", name, ours, floor, ours / floor);
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * 4096 / (1024 * 1024);
}

Object pod(const std::string& name) {
  auto object = Object::make(kinds::pod, {"demo", name});
  object.document().at_or_insert("metadata").at_or_insert("uid") = "uid-" + name;
  object.set_label("app", "bench");
  object.add_finalizer("slipway.dev/bench");
  for (int i = 0; i < 12; ++i) {
    auto& container = object.spec().at_or_insert("containers");
    if (!container.is_array()) container = doc::Array{};
    container.as_array().push_back(doc::Object{{"name", "c" + std::to_string(i)},
                                               {"image", "registry.example.com/team/model-server:v1.2.3"},
                                               {"args", doc::Array{"--port", "8080", "--model", "/models/weights"}}});
  }
  return object;
}

// One row of the same bytes, committed.
class Floor {
 public:
  explicit Floor(const std::string& path) : database_(checked(storage::open_sqlite(path))) {
    check(database_->write([](storage::Connection& c) {
      return c.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL)");
    }));
  }
  void insert(const std::string& name, const std::string& body) {
    check(database_->write(
        [&](storage::Connection& c) { return c.execute("INSERT INTO t (name, body) VALUES (?, ?)", {name, body}); }));
  }
  void replace(const std::string& name, const std::string& body) {
    check(database_->write(
        [&](storage::Connection& c) { return c.execute("UPDATE t SET body = ? WHERE name = ?", {body, name}); }));
  }
  void find(const std::string& name) {
    std::string body;
    check(database_->read([&](storage::Connection& c) {
      return c.query("SELECT body FROM t WHERE name = ?", {name}, [&](const storage::Row& r) { body = r.text(0); });
    }));
  }
  std::size_t list(std::int64_t limit) {
    std::size_t bytes = 0;
    check(database_->read([&](storage::Connection& c) {
      return c.query("SELECT body FROM t ORDER BY name LIMIT ?", {limit},
                     [&](const storage::Row& r) { bytes += r.text(0).size(); });
    }));
    return bytes;
  }
  void group(const std::function<void()>& work) { check(database_->group(work)); }

 private:
  std::unique_ptr<storage::Database> database_;
};

void watchers(Backend& backend, core::SimulatedWorld& world, int number, double alone) {
  std::vector<std::unique_ptr<ChangeWatch>> open;
  std::int64_t told = 0;
  for (int i = 0; i < number; ++i) {
    open.push_back(checked(backend.watch(kinds::config_map, std::nullopt, [&](const auto&) { ++told; })));
  }
  auto object = Object::make(kinds::config_map, {"demo", "watched"});
  object.document().at_or_insert("metadata").at_or_insert("uid") = "uid-watched-" + std::to_string(number);
  auto version = checked(backend.insert(kinds::config_map, object)).version;
  const auto time = median(5, 20, [&](int i) {
    object.set_annotation("n", std::to_string(i));
    version = checked(backend.replace(kinds::config_map, object, version, &object)).version;
    world.run_for(std::chrono::microseconds(1));
  });
  (void)checked(backend.erase(kinds::config_map, object, version));
  world.run_for(std::chrono::microseconds(1));
  char name[64];
  std::snprintf(name, sizeof name, "replace, %d watchers", number);
  row(name, time, alone);
}

}  // namespace

int main(int argc, char** argv) {
  int objects = 10'000;
  std::string parent = std::filesystem::temp_directory_path().string();
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--objects") objects = std::max(1000, std::atoi(argv[i + 1]));
    if (std::string(argv[i]) == "--directory") parent = argv[i + 1];
  }
  auto pattern = parent + "/slipway-bench-XXXXXX";
  const std::string directory = ::mkdtemp(pattern.data());
  {
    core::SimulatedWorld world(1);
    auto parts = world.world();
    const auto database = checked(storage::open_sqlite(directory + "/ours.db"));
    const auto backend = checked(make_sqlite_backend(parts, *database, nullptr));
    Floor floor(directory + "/floor.db");
    const auto bytes = doc::render_json(pod("p00000").document());
    const auto name = [](int i) { return "p" + std::to_string(100'000 + i); };
    std::printf("%d objects of %zu bytes in %s\n%-28s %13s %13s\n", objects, bytes.size(), parent.c_str(), "",
                "slipway", "bare SQLite");

    const auto insert = median(5, 40, [&](int i) { (void)checked(backend->insert(kinds::pod, pod("a" + name(i)))); });
    const auto floor_insert = median(5, 40, [&](int i) { floor.insert("a" + name(i), bytes); });
    row("insert", insert, floor_insert);

    const auto empty = resident_mib();
    for (int first = 0; first < objects; first += 64) {
      check(backend->group([&] {
        for (int i = first; i < std::min(first + 64, objects); ++i) {
          (void)checked(backend->insert(kinds::pod, pod(name(i))));
        }
      }));
      world.run_for(std::chrono::microseconds(1));
    }
    const auto filled = resident_mib();
    floor.group([&] {
      for (int i = 0; i < objects; ++i) floor.insert(name(i), bytes);
    });

    std::map<std::string, std::int64_t> versions;
    const auto replace = [&](int i) {
      auto object = pod(name(i));
      auto& version = versions[object.name().name];
      if (version == 0) version = checked(backend->find(kinds::pod, object.name()))->version;
      object.set_annotation("n", std::to_string(version));
      version = checked(backend->replace(kinds::pod, object, version, &object)).version;
    };
    for (int i = 0; i < 64; ++i) replace(i);
    // Other bytes each time: SQLite does not write a row that stays as it is.
    auto floor_replace = [&, round = 0](int i) mutable {
      floor.replace(name(i), bytes.substr(0, bytes.size() - 8) + std::to_string(10'000'000 + ++round));
    };
    row("replace", median(5, 40, [&](int i) { replace(i % 64); }),
        median(5, 40, [&](int i) { floor_replace(i % 64); }));
    for (const int size : {1, 8, 64}) {
      const auto ours = median(5, 5, [&](int) {
        check(backend->group([&] {
          for (int i = 0; i < size; ++i) replace(i);
        }));
      });
      const auto theirs = median(5, 5, [&](int) {
        floor.group([&] {
          for (int i = 0; i < size; ++i) floor_replace(i);
        });
      });
      char text[64];
      std::snprintf(text, sizeof text, "group of %d, each write", size);
      row(text, ours / size, theirs / size);
    }

    row("find", median(5, 500, [&](int i) { (void)checked(backend->find(kinds::pod, {"demo", name(i % objects)})); }),
        median(5, 500, [&](int i) { floor.find(name(i % objects)); }));
    for (const int size : {500, objects}) {
      std::size_t total = 0;
      const auto ours = median(5, 2, [&](int) {
        int seen = 0;
        (void)checked(backend->list(kinds::pod, {}, [&](const Stored& stored) {
          total += stored.body.size();
          return ++seen < size;
        }));
      });
      const auto theirs = median(5, 2, [&](int) { total += floor.list(size); });
      char text[64];
      std::snprintf(text, sizeof text, "list %d", size);
      row(text, ours, theirs);
      if (total == 0) return 1;
    }

    std::printf("%.1f MiB resident with %d objects, %.1f MiB without\n", filled, objects, empty);

    auto object = Object::make(kinds::config_map, {"demo", "unwatched"});
    object.document().at_or_insert("metadata").at_or_insert("uid") = "uid-unwatched";
    auto version = checked(backend->insert(kinds::config_map, object)).version;
    const auto alone = median(5, 40, [&](int i) {
      object.set_annotation("n", std::to_string(i));
      version = checked(backend->replace(kinds::config_map, object, version, &object)).version;
      world.run_for(std::chrono::microseconds(1));
    });
    std::printf("%-28s %13s %13s\n", "", "watched", "unwatched");
    for (const int number : {1, 50, 1000}) watchers(*backend, world, number, alone);
  }
  std::filesystem::remove_all(directory);
  return 0;
}
