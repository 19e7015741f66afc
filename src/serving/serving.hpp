#pragma once
// The door of serving: LLMDeployments become Deployments of model servers, and their state comes back as status.
//
//   Serving serving(world, store, catalog, weights);
//   TRY(serving.start());
//
// Knows nothing of how Pods run (pods/), where weights come from (registry/, behind WeightsSource) or who sends
// requests (gateway/). Thread: the control loop only.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "objects/store.hpp"
#include "serving/runtimes.hpp"

namespace slipway::serving {

// Somebody reads them to see whether they are what was promised. Nothing may start with them before that is known.
struct BeingVerified {
  std::string path;         // where they will be, if they are right
  std::uint64_t bytes = 0;  // to read
};
using Weights = std::variant<std::string, BeingVerified>;  // a path that may be used, or not yet

// Where a model's weights are on this machine. Wired by server/ to the registry and the blob store.
class WeightsSource {
 public:
  virtual ~WeightsSource() = default;
  // A readable file with the weights of `model_uri` (model-registry://NAME/VERSION, file:///PATH), at once.
  // `sha256_hex` is what they must be, "" when the object does not say. When they must be read first that begins now,
  // and ends in a call of the function given to on_verified(); ask again then. not_found: retrying helps once somebody
  // registers them; data_loss: the file is not what was promised.
  virtual Result<Weights> find(const std::string& model_uri, const std::string& sha256_hex) = 0;
  // One at a time; on the control loop. An empty one ends it.
  virtual void on_verified(std::function<void()> changed) = 0;
};

// References outlive it.
class Serving {
 public:
  Serving(core::World& world, objects::Store& store, RuntimeCatalog catalog, WeightsSource& weights);
  ~Serving();
  Result<> start();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::serving
