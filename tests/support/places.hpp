#pragma once
// For tests of stores: each place where objects can be, with a loop that the test turns, in real time but for the
// first. In memory in the simulated world; a SQLite file; the embedded API server over HTTP; and the real API server of
// the kubeconfig that SLIPWAY_TEST_KUBECONFIG names (tests/cluster/up starts one). Not for tests of controllers, whose
// time is virtual on every store: stores.hpp.
//
//   TEST_CASE("...") {
//     on_every_store([](Place& place) { CHECK(place.store().create(...)); });
//   }

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "objects/store.hpp"

namespace slipway::support {

using core::Duration;
using objects::EventType;
using objects::Kind;
using objects::Object;
using objects::Store;
using objects::Watch;

struct PlaceTraits {
  bool is_remote = false;          // behind an API server
  bool is_embedded = true;         // ours
  bool collects_garbage = true;    // a Kubernetes API server leaves that to its controller-manager
  bool refuses_the_future = true;  // a watch from a version that was not given out yet
  std::size_t ring = 0;            // changes that are kept for watches; 0: the server's business
};

class Place {
 public:
  virtual ~Place() = default;
  virtual const PlaceTraits& traits() const = 0;
  virtual Store& store() = 0;
  // Another process's, where that is another one.
  virtual Store& other_store() { return store(); }
  virtual core::World& world() = 0;
  // Turns the loop until `done`, at most for a time that is never needed when all is well. Returns done().
  virtual bool run_until(const std::function<bool()>& done) = 0;
  virtual void run_for(Duration duration) = 0;

  // Ends the API server without a warning and starts it again where it was, with what it kept; what clients know of
  // versions holds no more when `forgets_versions`, as after a restore. False: this place has none to restart.
  virtual bool restart_server(bool /*forgets_versions*/) { return false; }

  // Of this test alone; it exists.
  const std::string& ns() const { return ns_; }

 protected:
  void make_namespace();

 private:
  std::string ns_;
};

struct PlaceEntry {
  std::string name;
  std::function<std::unique_ptr<Place>()> make;
};
std::vector<PlaceEntry> every_place();

void on_every_store(const std::function<void(Place&)>& test);

// Keeps what a watch tells of one namespace: "added a", or with versions.
struct Told {
  EventType type;
  std::string name;
  std::string uid;
  std::string version;
};
class Listener {
 public:
  Listener(Place& place, Store& store, const Kind& kind, const std::string& from = {});
  std::vector<std::string> lines() const;  // "added a"
  const std::vector<Told>& told() const { return *told_; }
  void stop() { watch_.reset(); }

 private:
  std::shared_ptr<std::vector<Told>> told_ = std::make_shared<std::vector<Told>>();
  std::unique_ptr<Watch> watch_;
};

// A Deployment that every API server takes.
Object deployment(const Place& place, const std::string& name);
Object config_map(const Place& place, const std::string& name, const std::string& value = "1");

}  // namespace slipway::support
