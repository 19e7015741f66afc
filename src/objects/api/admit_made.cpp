#include "objects/api/admit_made.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "objects/api/consult.hpp"
#include "objects/kubernetes/status_error.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects::api {
namespace {

// As the controllers of Kubernetes are called: system:serviceaccount:kube-system:replicaset-controller.
Caller controller_of(std::string_view owner_kind) {
  return service_account("kube-system", core::in_lower(owner_kind) + "-controller", "");
}

// As a controller over a real API server would be told.
Error error_of(const Failure& failure) {
  return kubernetes::error_of_status(failure.status(), failure.code, "admission");
}

}  // namespace

Result<> admit_made(Context& context, const ResourcePtr& resource, doc::Value& object) {
  Object made(std::move(object));
  const auto owners = made.owners();
  const auto owner = std::ranges::find_if(owners, &OwnerReference::controller);
  const auto name = made.name();
  if (owner == owners.end()) {
    object = std::move(made.document());
    return {};
  }
  Review review;
  review.resource = resource;
  review.name = name;
  review.object = std::move(made.document());
  review.user = controller_of(owner->kind);
  const auto changed = mutate_by_plugins(context, review);
  if (!changed) return fail(error_of(changed.error()));
  if (*changed) verbs::make_canonical(*resource, review.object);
  if (const auto allowed = validate_by_plugins(context, review); !allowed) return fail(error_of(allowed.error()));
  object = std::move(review.object);
  return {};
}

}  // namespace slipway::objects::api
