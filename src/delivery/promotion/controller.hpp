#pragma once
// Moves Promotions through their phases. Each phase is durable before what it announces is done, and each is repeated
// after a restart; everything known is in the Promotion's status.

#include <memory>

#include "delivery/delivery.hpp"
#include "objects/controller.hpp"

namespace slipway::delivery::promotion {

class PromotionController final : public objects::Reconciler {
 public:
  // What `parts` and `options` refer to outlives it.
  PromotionController(Parts parts, Options options);
  ~PromotionController() override;
  Result<> start();
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// The API's part; see delivery.hpp.
Result<objects::Object> create(const Parts& parts, const PromotionRequest& request, const Principal& by);
Result<objects::Object> approve(const Parts& parts, const objects::Name& name, const Principal& by,
                                const std::string& subject, const std::string& reason);
Result<objects::Object> reject(const Parts& parts, const objects::Name& name, const Principal& by,
                               const std::string& subject, const std::string& reason);
Result<core::doc::Value> inbox(const Parts& parts, const Principal& who);
Result<core::doc::Value> history(const Parts& parts, const std::string& environment);

}  // namespace slipway::delivery::promotion
