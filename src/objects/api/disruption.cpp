#include "objects/api/disruption.hpp"

#include "objects/kinds.hpp"

namespace slipway::objects::api {
namespace {

constexpr int soon = 10;  // seconds; a budget that is used up says no time, and clients choose their own

struct Budget {
  Object object;
  std::int64_t version = 0;
};

Answer<std::vector<Budget>> budgets_of(Context& context, const Kind& kind, const Object& pod) {
  std::vector<Budget> budgets;
  Answer<> outcome;
  auto listed = context.backend.list(kind, {pod.name().ns, std::nullopt}, [&](Stored stored) {
    auto object = stored.parse();
    if (!object) {
      outcome = refuse(from_error(object.error()));
      return false;
    }
    auto selector = LabelSelector::from_value(object->spec()["selector"]);
    if (selector && selector->matches(pod.labels())) budgets.push_back({std::move(*object), stored.version});
    return true;
  });
  if (!listed) return refuse(from_error(listed.error()));
  if (!outcome) return refuse(outcome.error());
  return budgets;
}

Failure too_many_requests(std::string cause, int retry_after) {
  Failure failure;
  failure.code = 429;
  failure.reason = "TooManyRequests";
  failure.message = "Cannot evict pod as it would violate the pod's disruption budget.";
  failure.has_details = true;
  failure.retry_after = retry_after;
  failure.causes.push_back({"DisruptionBudget", std::move(cause), ""});
  return failure;
}

}  // namespace

Answer<> allow_disruption(Context& context, const Call& call, bool is_dry_run) {
  auto found = context.backend.find(call.kind, call.name());
  if (!found) return refuse(from_error(found.error()));
  if (!*found) return {};  // the removal says so
  auto pod = (*found)->parse();
  if (!pod) return refuse(from_error(pod.error()));
  const auto phase = pod->status()["phase"].string_or("");
  if (pod->is_being_deleted() || phase == "Succeeded" || phase == "Failed" || phase == "Pending") return {};
  const auto resource = context.catalog.stored("policy", "PodDisruptionBudget");
  if (resource == nullptr) return {};
  const auto kind = kind_of(*resource);
  TRY_ANSWER(auto budgets, budgets_of(context, kind, *pod));
  if (budgets.empty()) return {};
  if (budgets.size() > 1) {
    return refuse(
        internal("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."));
  }
  auto& [budget, version] = budgets.front();
  if (pod->condition_status("Ready") != "True" &&
      budget.spec()["unhealthyPodEvictionPolicy"].string_or("") == "AlwaysAllow") {
    return {};
  }
  const Object before = budget;
  auto& status = budget.status();
  const auto name = budget.name().name;
  if (status["observedGeneration"].int_or(0) < budget.generation()) {
    return refuse(
        too_many_requests("The disruption budget " + name + " is still being processed by the server.", soon));
  }
  const auto allowed = status["disruptionsAllowed"].int_or(0);
  if (allowed <= 0) {
    return refuse(too_many_requests("The disruption budget " + name + " needs " +
                                        std::to_string(status["desiredHealthy"].int_or(0)) + " healthy pods and has " +
                                        std::to_string(status["currentHealthy"].int_or(0)) + " currently",
                                    0));
  }
  if (is_dry_run) return {};
  status.at_or_insert("disruptionsAllowed") = allowed - 1;
  status.at_or_insert("disruptedPods").at_or_insert(pod->name().name) = core::render_rfc3339(context.world.clock.now());
  auto charged = context.backend.replace(kind, std::move(budget), version, &before);
  if (!charged) return refuse(from_error(charged.error(), resource.get(), name));
  return {};
}

}  // namespace slipway::objects::api
