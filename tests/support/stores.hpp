#pragma once
// For tests of controllers: the stores that each of them must work on. Time is virtual on all of them: what is behind a
// server runs beside the simulated world, and virtual time stands still while something that was written is on its way
// to whoever watches (in_step.hpp). So a story of minutes takes milliseconds on a real API server, too.
//
//   struct Fixture {
//     explicit Fixture(const StoreEntry& entry = in_memory()) : place(entry, world, {"demo"}) {}
//     core::SimulatedWorld world{11};
//     StoreUnderTest place;
//     std::unique_ptr<objects::Store> store = place.open();
//   };
//   TEST_CASE_ON_EVERY_STORE(Fixture, "a controller does its work") { CHECK(store->get(...)); }
//
// In memory; the embedded API server's own store on a file, with all rules, as the product has it; the same over HTTP;
// and the API server of the kubeconfig that SLIPWAY_TEST_KUBECONFIG names (tests/cluster/up starts one).

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/world/simulated.hpp"
#include "objects/store.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::support {

struct StoreTraits {
  bool validates = true;         // refuses what Kubernetes refuses, and drops what no schema knows
  bool is_remote = false;        // behind an API server
  bool collects_garbage = true;  // a Kubernetes API server leaves that to its controller-manager
};

// Where a test's objects are, for as long as the test lasts.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  // For a control plane that has just begun; one at a time.
  virtual core::Result<std::unique_ptr<objects::Store>> open() = 0;
  // Where it is kept; null behind a server.
  virtual storage::Database* database() { return nullptr; }
};

struct StoreEntry {
  std::string name;
  StoreTraits traits;
  std::function<std::unique_ptr<StorePlace>(core::SimulatedWorld&)> make;
};

const StoreEntry& in_memory();
std::vector<StoreEntry> every_store();

class StoreUnderTest {
 public:
  // These namespaces are there; nothing else is.
  StoreUnderTest(const StoreEntry& entry, core::SimulatedWorld& world, const std::vector<std::string>& namespaces);
  const StoreTraits& traits() const { return traits_; }
  // A store on what is kept. After a crash of the control plane: once more, when the former one is destroyed.
  core::Result<std::unique_ptr<objects::Store>> try_open() { return place_->open(); }
  std::unique_ptr<objects::Store> open();  // where nothing makes it fail
  storage::Database* database() { return place_->database(); }

 private:
  StoreTraits traits_;
  std::unique_ptr<StorePlace> place_;
};

// For stories that happen in several worlds, each made by the story itself.
struct OnStore {
  explicit OnStore(const StoreEntry& entry) : store(entry) {}
  // How far apart the instants are at which such a story kills something: disks and servers take real time.
  int stride(int in_memory, int elsewhere) const { return store.traits.validates ? elsewhere : in_memory; }
  StoreEntry store;
};

}  // namespace slipway::support

// As TEST_CASE_FIXTURE, once on every store. `fixture` is made from a StoreEntry.
#define TEST_CASE_ON_EVERY_STORE(fixture, sentence) \
  SLIPWAY_ON_EVERY_STORE(DOCTEST_ANONYMOUS(SlipwayStory), fixture, sentence)
#define SLIPWAY_ON_EVERY_STORE(story, fixture, sentence)          \
  namespace {                                                     \
  struct story : fixture {                                        \
    using Base = fixture;                                         \
    using Base::Base;                                             \
    void tell_story();                                            \
  };                                                              \
  }                                                               \
  TEST_CASE("every store: " sentence) {                           \
    for (const auto& entry : ::slipway::support::every_store()) { \
      SUBCASE(entry.name.c_str()) { story(entry).tell_story(); }  \
    }                                                             \
  }                                                               \
  void story::tell_story()
