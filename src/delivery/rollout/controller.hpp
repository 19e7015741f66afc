#pragma once
// Carries out what next() decides about Rollouts, writes their status, records events. Holds nothing that a restart
// needs.

#include <memory>

#include "core/events.hpp"
#include "delivery/sources.hpp"
#include "objects/controller.hpp"

namespace slipway::delivery::rollout {

class RolloutController final : public objects::Reconciler {
 public:
  // References outlive it.
  RolloutController(core::World& world, objects::Store& store, core::EventSink& events, MetricQuery& metrics);
  ~RolloutController() override;
  Result<> start();
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// What people may do with a rollout; `by` goes into the reason and the event. failed_precondition when there is nothing
// to do.
Result<> abort(objects::Store& store, core::EventSink& events, const objects::Name& rollout, const std::string& by,
               const std::string& reason);
Result<> promote(objects::Store& store, core::EventSink& events, const objects::Name& rollout, const std::string& by,
                 bool full);

}  // namespace slipway::delivery::rollout
