#pragma once
// Counts what canary and stable answered during a rollout, for its verdict sentence. Decides nothing: that is the
// analyses' part.

#include <map>
#include <memory>

#include "delivery/rollout/status.hpp"
#include "delivery/sources.hpp"

namespace slipway::delivery::rollout {

class EvidenceCollector {
 public:
  using Done = std::function<void(Evidence)>;
  EvidenceCollector(core::World& world, MetricQuery& metrics);
  ~EvidenceCollector();

  // Asks for the counters of both revisions in namespace `ns` and hands over `evidence` brought up to date; the first
  // answer becomes the baseline. Nothing happens when a question for `rollout` is under way or the counters cannot be
  // read.
  void refresh(const objects::Name& rollout, Evidence evidence, Done done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::delivery::rollout
