#pragma once
// The smoke test of an environment: asks the model each prompt through the gateway, as a user would, and again each
// second until it answers or the time is over.

#include <memory>
#include <set>
#include <string>

#include "core/world/world.hpp"
#include "delivery/promotion/environment.hpp"

namespace slipway::delivery::promotion {

struct SmokeOutcome {
  bool passed = false;
  int attempts = 0;
  std::string detail;  // "answered 2 prompts", or what the last answer was
};

class SmokeTester {
 public:
  using Done = std::function<void(SmokeOutcome)>;
  SmokeTester(core::World& world, std::function<std::string()> gateway_url);
  ~SmokeTester();
  // At least one attempt is made, even when `until` has passed. `done` runs on the control loop, never inside this
  // call; not at all when the tester is destroyed first. False when a test of that name is under way.
  bool start(const objects::Name& promotion, const Smoke& smoke, const std::string& model, core::Time until, Done done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Why this is no good answer of a chat completion; "" when it is one.
std::string problem_of(const Result<core::HttpResponse>& answer);

}  // namespace slipway::delivery::promotion
