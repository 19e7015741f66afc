#include "objects/admission.hpp"

#include "objects/admission/limits.hpp"
#include "objects/admission/pod_security.hpp"
#include "objects/admission/pods.hpp"
#include "objects/admission/policies.hpp"
#include "objects/admission/quota.hpp"
#include "objects/admission/webhooks.hpp"
#include "objects/webhooks/conversion.hpp"

namespace slipway::objects {

struct Admission::State {
  explicit State(Embedded& given) : embedded(given), quota(given.context(), given.store()) {}
  Result<> make_priority_classes();

  Embedded& embedded;
  admission::QuotaController quota;
};

Admission::Admission(Embedded& embedded, AdmissionOptions options) : state_(std::make_unique<State>(embedded)) {
  auto& context = embedded.context();
  embedded.add_admission(std::make_unique<admission::LimitRanger>(context));
  embedded.add_admission(std::make_unique<admission::ServiceAccountOfPods>(context, std::move(options.mounts_tokens)));
  embedded.add_admission(std::make_unique<admission::PriorityOfPods>(context));
  embedded.add_admission(std::make_unique<admission::TolerationsOfPods>());
  embedded.add_admission(std::make_unique<admission::RuntimeClassOfPods>(context));
  embedded.add_admission(
      std::make_unique<admission::PodSecurity>(context, std::move(options.exempt_from_pod_security)));
  embedded.add_admission(std::make_unique<admission::Policies>(context));
  embedded.add_admission(std::make_unique<admission::QuotaCheck>(context));
  context.remote = std::make_unique<admission::Webhooks>(context);
  context.conversion = std::make_unique<webhooks::Conversion>(context);
}

Admission::~Admission() = default;

Result<> Admission::State::make_priority_classes() {
  auto& store = embedded.store();
  const auto kind = kind_of(*embedded.catalog().stored("scheduling.k8s.io", "PriorityClass"));
  for (auto& wanted : admission::system_priority_classes()) {
    TRY_ASSIGN(const auto found, store.find(kind, wanted.name()));
    if (!found) TRY(store.create(std::move(wanted)));
  }
  return {};
}

Result<> Admission::start() {
  Result<> made;
  TRY(state_->embedded.backend().group([&] { made = state_->make_priority_classes(); }));
  TRY(made);
  return state_->quota.start();
}

}  // namespace slipway::objects
