#include "delivery/promotion/queue.hpp"

#include "delivery/errors.hpp"
#include "delivery/promotion/promotion.hpp"
#include "delivery/rollout/revision.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::promotion {
namespace {
using objects::Object;
namespace kinds = objects::kinds;

// The others of its model in its environment.
Result<std::vector<Object>> neighbours_of(objects::Store& store, const Object& promotion) {
  const Request request = request_of(promotion);
  TRY_ASSIGN(const auto all, store.list(kinds::promotion));
  std::vector<Object> neighbours;
  for (const auto& other : all.items) {
    const Request theirs = request_of(other);
    const bool is_neighbour =
        other.name() != promotion.name() && theirs.model == request.model && theirs.environment == request.environment;
    if (is_neighbour) neighbours.push_back(other);
  }
  return neighbours;
}

bool is_same(const Request& a, const Request& b) {
  return a.version == b.version && a.artifact == b.artifact && a.repository == b.repository && a.commit == b.commit;
}

// Nobody has changed the workload since that promotion applied it.
Result<bool> is_in_force(objects::Store& store, const std::string& ns, const Object& promotion) {
  const auto& target = promotion.status()["target"];
  TRY_ASSIGN(const auto workload, store.find(kinds::llm_deployment, {ns, target["workload"].string_or("")}));
  return workload && rollout::revision_hash(workload->spec()) == target["hash"].string_or("");
}
}  // namespace

Result<std::string> waits_behind(objects::Store& store, const Object& promotion) {
  TRY_ASSIGN(const auto neighbours, neighbours_of(store, promotion));
  const auto place = [](const Object& object) {
    return std::pair(object.created().value_or(core::Time::max()), object.name());
  };
  for (const auto& other : neighbours) {
    const Phase phase = phase_of(other);
    if (is_active(phase) || (phase == Phase::pending && place(other) < place(promotion))) return other.name().name;
  }
  return std::string();
}

Result<std::optional<Object>> find_repeated(objects::Store& store, const Environment& environment,
                                            const Object& promotion) {
  const Request request = request_of(promotion);
  const bool is_approved_by_nobody = environment.approvals.required == 0;
  TRY_ASSIGN(const auto neighbours, neighbours_of(store, promotion));
  const Object* newest = nullptr;  // of those that got as far as serving
  bool is_moving = false;
  for (const auto& other : neighbours) {
    if (const Phase phase = phase_of(other); !is_finished(phase)) {
      const Request theirs = request_of(other);
      if (is_same(theirs, request)) {
        if (is_approved_by_nobody && theirs.requested_by == request.requested_by) return std::optional(other);
        return errors::in_progress(other.name().text(), std::string(name_of(phase)), phase == Phase::awaiting_approval);
      }
      is_moving = true;
      continue;
    }
    const auto since = time_in(other.status(), "servingSince");
    if (since && (newest == nullptr || time_in(newest->status(), "servingSince") < since)) newest = &other;
  }
  const bool is_repeated =
      newest != nullptr && phase_of(*newest) == Phase::succeeded && is_same(request_of(*newest), request);
  if (!is_repeated || is_moving || is_approved_by_nobody) return std::optional<Object>();
  TRY_ASSIGN(const bool serves, is_in_force(store, environment.ns, *newest));
  if (serves) return errors::serves_already(request.version, environment.name, newest->name().text());
  return std::optional<Object>();
}

Result<> check_smoke_model(const Environment& environment, const std::string& model) {
  if (!environment.smoke || environment.smoke->model.empty() || environment.smoke->model == model) return {};
  return errors::other_smoke_model(environment.name, environment.smoke->model, model);
}

}  // namespace slipway::delivery::promotion
