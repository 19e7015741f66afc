#include "delivery/delivery.hpp"

#include "delivery/analysis/controller.hpp"
#include "delivery/promotion/controller.hpp"
#include "delivery/rollout/controller.hpp"

namespace slipway::delivery {

struct Delivery::State {
  Parts parts;
  analysis::AnalysisController analyses;
  rollout::RolloutController rollouts;
  promotion::PromotionController promotions;

  State(Parts p, const Options& options)
      : parts(p),
        analyses(p.world, p.store, p.events, p.metrics, options.no_data_timeout),
        rollouts(p.world, p.store, p.events, p.metrics),
        promotions(p, options) {}
};

Delivery::Delivery(Parts parts, Options options) : state_(std::make_unique<State>(parts, options)) {}
Delivery::~Delivery() = default;

Result<> Delivery::start() {
  TRY(state_->analyses.start());
  TRY(state_->rollouts.start());
  return state_->promotions.start();
}

Result<objects::Object> Delivery::create_promotion(const PromotionRequest& request, const Principal& by) {
  return promotion::create(state_->parts, request, by);
}
Result<objects::Object> Delivery::approve(const objects::Name& name, const Principal& by, const std::string& subject,
                                          const std::string& reason) {
  return promotion::approve(state_->parts, name, by, subject, reason);
}
Result<objects::Object> Delivery::reject(const objects::Name& name, const Principal& by, const std::string& subject,
                                         const std::string& reason) {
  return promotion::reject(state_->parts, name, by, subject, reason);
}
Result<> Delivery::abort_rollout(const objects::Name& name, const Principal& by, const std::string& reason) {
  return rollout::abort(state_->parts.store, state_->parts.events, name, by.name, reason);
}
Result<> Delivery::promote_rollout(const objects::Name& name, const Principal& by, bool full) {
  return rollout::promote(state_->parts.store, state_->parts.events, name, by.name, full);
}
Result<core::doc::Value> Delivery::inbox(const Principal& who) { return promotion::inbox(state_->parts, who); }
Result<core::doc::Value> Delivery::history(const std::string& environment) {
  return promotion::history(state_->parts, environment);
}

}  // namespace slipway::delivery
