#include "pods/workloads/deployment_status.hpp"

#include <limits>

#include "core/seconds.hpp"

namespace slipway::pods::workloads {

using objects::Object;

namespace {

constexpr std::string_view progressing = "Progressing";
constexpr auto is_complete_reason = "NewReplicaSetAvailable";
constexpr auto is_late_reason = "ProgressDeadlineExceeded";

struct Counts {
  int all = 0, ready = 0, available = 0, current = 0;
};

Counts counts_in(const doc::Value& status) {
  const auto count = [&](const char* field) { return static_cast<int>(status[field].int_or(0)); };
  return {count("replicas"), count("readyReplicas"), count("availableReplicas"), count("updatedReplicas")};
}

bool comes_on(const Counts& before, const Counts& now) {
  return now.current > before.current || now.all - now.current < before.all - before.current ||
         now.ready > before.ready || now.available > before.available;
}

void say_progress(Object& deployment, std::string_view status, std::string_view reason, const std::string& message,
                  bool has_moved, Time now) {
  const bool is_news = deployment.set_condition(progressing, status, reason, message, now);
  if (!is_news && !has_moved) return;
  for (auto& condition : deployment.status().at_or_insert("conditions").as_array()) {
    if (condition["type"].string_or("") == progressing)
      condition.at_or_insert("lastUpdateTime") = core::render_rfc3339(now);
  }
}

// nullopt: it may take for ever.
std::optional<Duration> deadline_of(const doc::Value& spec) {
  const auto seconds = spec["progressDeadlineSeconds"].int_or(600);
  if (seconds >= std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return core::capped_seconds(seconds);
}

std::optional<Duration> render_progress(Object& deployment, const DeploymentWish& wish, const DeploymentSeen& seen,
                                        const Counts& before, const Counts& counts, Time now) {
  const auto deadline = deadline_of(deployment.spec());
  if (!deadline) {
    deployment.remove_condition(progressing);
    return std::nullopt;
  }
  const std::string set = "ReplicaSet \"" + seen.current_set + "\"";
  const std::string reason = deployment.condition(progressing)["reason"].string_or("");
  if (wish.paused) {
    if (reason != is_late_reason)
      say_progress(deployment, "Unknown", "DeploymentPaused", "Deployment is paused", false, now);
    return std::nullopt;
  }
  if (is_complete(wish, seen)) {
    say_progress(deployment, "True", is_complete_reason, set + " has successfully progressed.", false, now);
    return std::nullopt;
  }
  if (reason == is_complete_reason && counts.current == counts.all && !seen.is_made) return std::nullopt;  // no rollout
  if (seen.is_made) {
    say_progress(deployment, "True", "NewReplicaSetCreated", "Created new replica set \"" + seen.current_set + "\"",
                 true, now);
  } else if (reason == "DeploymentPaused") {
    say_progress(deployment, "Unknown", "DeploymentResumed", "Deployment is resumed", true, now);
  } else if (reason.empty() || comes_on(before, counts)) {
    say_progress(deployment, "True", "ReplicaSetUpdated", set + " is progressing.", true, now);
  }
  const auto moved = core::parse_rfc3339(deployment.condition(progressing)["lastUpdateTime"].string_or(""));
  const Time last = moved ? *moved : now;
  if (now - last < *deadline) return *deadline - (now - last);
  say_progress(deployment, "False", is_late_reason, set + " has timed out progressing.", false, now);
  return std::nullopt;
}

}  // namespace

bool is_complete(const DeploymentWish& wish, const DeploymentSeen& seen) {
  return seen.current == wish.replicas && seen.pods.all == wish.replicas && seen.pods.available == wish.replicas;
}

std::optional<Duration> render_deployment_status(Object& deployment, const DeploymentWish& wish,
                                                 const DeploymentSeen& seen, Time now) {
  const Counts counts{seen.pods.all, seen.pods.ready, seen.pods.available, seen.current};
  const auto before = counts_in(std::as_const(deployment).status());
  auto& status = deployment.status();
  status.at_or_insert("observedGeneration") = deployment.generation();
  status.at_or_insert("replicas") = counts.all;
  status.at_or_insert("updatedReplicas") = counts.current;
  status.at_or_insert("readyReplicas") = counts.ready;
  status.at_or_insert("availableReplicas") = counts.available;
  status.at_or_insert("unavailableReplicas") = std::max(seen.wanted - counts.available, 0);
  if (seen.collisions > 0) status.at_or_insert("collisionCount") = seen.collisions;
  const bool is_available = counts.available >= wish.replicas - wish.unavailable;
  deployment.set_condition(
      "Available", is_available ? "True" : "False",
      is_available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
      is_available ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", now);
  if (seen.failure != nullptr) {
    const auto& failure = *seen.failure;
    deployment.set_condition("ReplicaFailure", "True", failure["reason"].string_or(""),
                             failure["message"].string_or(""), now);
  } else {
    deployment.remove_condition("ReplicaFailure");
  }
  return render_progress(deployment, wish, seen, before, counts, now);
}

}  // namespace slipway::pods::workloads
