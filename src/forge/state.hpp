#pragma once
// The forge's inside, shared by its parts (forge.cpp, objects.cpp, smart_http.cpp).

#include "forge/forge.hpp"
#include "forge/git.hpp"
#include "forge/journal.hpp"
#include "forge/lanes.hpp"
#include "forge/statuses.hpp"

namespace slipway::forge {

struct Forge::State : std::enable_shared_from_this<Forge::State> {
  State(core::World w, storage::Database& database, core::EventSink& e, ForgeOptions o)
      : world(w),
        events(e),
        options(std::move(o)),
        git(world, options),
        journal(database),
        statuses(world, database),
        lanes(std::make_shared<Lanes>(world.loop)) {}

  core::World world;
  core::EventSink& events;
  ForgeOptions options;
  Git git;
  Journal journal;
  CommitStatuses statuses;
  std::shared_ptr<Lanes> lanes;
  std::vector<std::function<void(const Push&)>> callbacks;
  std::vector<std::function<void(const Push&, Tell)>> telling_callbacks;
  bool recovered = false;  // pushes wait until start() is through

  // Checks the name; then not_found unless the repository exists.
  Result<> require(const std::string& repository) const;
  void create(std::string repository, Then<> done);

  struct ReceivedPack {
    std::string answer;        // of git receive-pack; empty for the probe that git sends before a large push
    bool failed = false;       // git died without a word
    std::vector<Push> pushes;  // durable; not announced yet
  };
  // Runs `git receive-pack` on a push's body, alone on this repository, and records what moved. The caller announces
  // and answers the client.
  void receive(std::string repository, std::string actor, std::string body, std::string body_file,
               Then<ReceivedPack> done);
  void settle(const std::string& repository, Then<std::vector<Push>> done);
  // `done` gets what the callbacks tell, at once or later, but never much later.
  void announce(const std::vector<Push>& pushes, Tell done);
  void recover(Then<> done);
};

// A callback that is dropped when the forge is gone: git's answer comes on the loop at any time later.
template <class State, class F>
auto while_alive(const std::shared_ptr<State>& state, F f) {
  return [weak = std::weak_ptr<State>(state), f = std::move(f)](auto&&... arguments) mutable {
    if (const auto alive = weak.lock()) f(*alive, std::forward<decltype(arguments)>(arguments)...);
  };
}

}  // namespace slipway::forge
