#pragma once
// Runs AnalysisRun objects: asks for a measurement when one is due, judges the answer, writes status. Everything it
// knows is in the status, so a restart goes on where it was; a question that was under way is asked again.

#include <memory>

#include "core/events.hpp"
#include "delivery/sources.hpp"
#include "objects/controller.hpp"

namespace slipway::delivery::analysis {

class AnalysisController final : public objects::Reconciler {
 public:
  // References outlive it.
  AnalysisController(core::World& world, objects::Store& store, core::EventSink& events, MetricQuery& metrics,
                     core::Duration no_data_timeout);
  ~AnalysisController() override;
  Result<> start();
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with answers under way, which find it gone when we are
};

}  // namespace slipway::delivery::analysis
