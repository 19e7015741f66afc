#pragma once
// Game: one play of the demo's story from one seed: the surroundings, a control plane that the chaos may kill between
// any two tasks, and what must hold meanwhile. Whoever plays calls ask() and run(); what went wrong is in violations().

#include <optional>

#include "chaos.hpp"
#include "control_plane.hpp"
#include "surroundings.hpp"

namespace slipway::simulation {

class Game {
 public:
  Game(std::uint64_t seed, ChaosOptions options, const support::StoreEntry& store = support::in_memory());
  ~Game();

  // Virtual time goes on, faults happen, invariants are checked, until `done` or the deadline. Returns done().
  bool run(const std::function<bool()>& done, core::Duration deadline);
  // One request of a person; asked again when no answer came or the platform is away.
  Result<core::doc::Value> ask(const std::string& person, const std::string& method, const std::string& path,
                               const core::doc::Value& body = {});
  // Asks until `good` likes the answer; deadline_exceeded otherwise.
  Result<core::doc::Value> wait_for(const std::string& path, const std::function<bool(const core::doc::Value&)>& good,
                                    core::Duration deadline);

  void violated(const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }
  void note(const std::string& line);  // the play's own log, for people who replay a seed
  const std::string& notes() const { return notes_; }

  Surroundings& surroundings() { return surroundings_; }
  ControlPlane& control() { return *control_; }
  Chaos& chaos() { return chaos_; }

 private:
  void build();
  void crash();
  void check_weight();

  Surroundings surroundings_;
  Chaos chaos_;
  std::unique_ptr<ControlPlane> control_;
  std::vector<std::unique_ptr<objects::Watch>> watches_;
  std::vector<std::string> violations_;
  std::string notes_;
  std::uint64_t asked_ = 0;
};

}  // namespace slipway::simulation
