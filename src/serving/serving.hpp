#pragma once
// The door of serving: LLMDeployments become Deployments of model servers, and their state comes back as status.
//
//   Serving serving(world, store, catalog, weights);
//   TRY(serving.start());
//
// Knows nothing of how Pods run (pods/), where weights come from (registry/, behind WeightsSource) or who sends
// requests (gateway/). Thread: the control loop only.

#include <memory>

#include "objects/store.hpp"
#include "serving/runtimes.hpp"

namespace slipway::serving {

// Where a model's weights are on this machine. Wired by server/ to the registry and the blob store.
class WeightsSource {
 public:
  virtual ~WeightsSource() = default;
  // A readable file with the weights of `model_uri` (model-registry://NAME/VERSION, file:///PATH). `sha256_hex` is what
  // they must be, "" when the object does not say. not_found: retrying helps once somebody registers them; data_loss:
  // the file is not what was promised.
  virtual Result<std::string> path_for(const std::string& model_uri, const std::string& sha256_hex) = 0;
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
