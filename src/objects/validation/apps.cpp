// kubernetes pkg/apis/apps/validation: Deployment and ReplicaSet, and what the workloads share.

#include <algorithm>
#include <charconv>

#include "objects/validation/metadata.hpp"
#include "objects/validation/pod.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::string_view selector_order[] = {"matchLabels", "matchExpressions"};

// Whether it is one; others select nothing.
bool validate_selector(At selector) {
  if (!selector) selector.required();
  const bool is_selector = validate_label_selector(selector);
  if (selector && is_empty_selector(selector.value())) selector.invalid("empty selector is invalid for deployment");
  return is_selector;
}

void validate_template(At spec, bool is_selector) {
  const At selector = spec["selector"];
  const At pods = spec["template"];
  if (!is_selector) {
    return selector.invalid_as(in_order(selector.value(), selector_order), "invalid label selector");
  }
  const At labels = pods["metadata"]["labels"];
  if (!selector || (!is_empty_selector(selector.value()) && !selector_matches(selector.value(), labels.value()))) {
    labels.invalid("`selector` does not match template `labels`");
  }
  validate_pod_template(pods);
  validate_runs_for_ever(pods["spec"], "ReplicaSet");
}

void validate_strategy(At strategy) {
  const std::string_view type = strategy["type"].text();
  const At rolling = strategy["rollingUpdate"];
  if (type == "Recreate") {
    if (rolling) rolling.forbidden("may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  if (type != "RollingUpdate") {
    constexpr std::string_view supported[] = {"Recreate", "RollingUpdate"};
    Problem problem = not_supported(strategy.path(), {}, supported);
    problem.bad_value = strategy_as_go(strategy);
    return strategy.add(std::move(problem));
  }
  if (!rolling) return rolling.required("this should be defaulted and never be nil");
  const At unavailable = rolling["maxUnavailable"];
  const At surge = rolling["maxSurge"];
  validate_count_or_percent(unavailable);
  validate_count_or_percent(surge);
  if (count_or_percent(unavailable) == 0 && count_or_percent(surge) == 0) {
    unavailable.invalid("may not be 0 when `maxSurge` is 0");
  }
  validate_not_above_100_percent(unavailable);
}

void validate_deployment_spec(At spec) {
  spec["replicas"].must_not_be_negative();
  validate_template(spec, validate_selector(spec["selector"]));
  validate_strategy(spec["strategy"]);
  spec["minReadySeconds"].must_not_be_negative();
  spec["revisionHistoryLimit"].must_not_be_negative();
  const At deadline = spec["progressDeadlineSeconds"];
  if (!deadline) return;
  deadline.must_not_be_negative();
  if (deadline.number() <= spec["minReadySeconds"].number()) {
    deadline.invalid("must be greater than minReadySeconds");
  }
}

void validate_replica_set_spec(At spec) {
  spec["replicas"].must_not_be_negative();
  spec["minReadySeconds"].must_not_be_negative();
  validate_template(spec, validate_selector(spec["selector"]));
}

void validate_same_selector(At object, At old) {
  const At selector = object["spec"]["selector"];
  if (selector.is_same_as(old["spec"]["selector"])) return;
  selector.invalid_as(in_order(selector.value(), selector_order), std::string(immutable_sentence));
}

}  // namespace

void validate_count_or_percent(At value) {
  if (value.value().is_string()) {
    value.must_be(percent);
  } else {
    value.must_not_be_negative();
  }
}

std::int64_t count_or_percent(At value) {
  if (!value.value().is_string()) return value.number();
  std::int64_t number = 0;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void validate_not_above_100_percent(At value) {
  if (value.value().is_string() && count_or_percent(value) > 100) value.invalid("must not be greater than 100%");
}

std::string strategy_as_go(At strategy) {
  return "{\"Type\":" + shown(doc::Value(strategy["type"].text())) +
         ",\"RollingUpdate\":" + shown(strategy["rollingUpdate"].value()) + "}";
}

void validate_runs_for_ever(At pod_spec, std::string_view owner) {
  pod_spec["restartPolicy"].must_be_one_of({"Always"});
  if (const At deadline = pod_spec["activeDeadlineSeconds"])
    deadline.forbidden("activeDeadlineSeconds in " + std::string(owner) + " is not Supported");
}

void validate_replica_counts(At status, std::initializer_list<std::string_view> parts, std::string_view ready_words) {
  const std::int64_t all = status["replicas"].number();
  for (const std::string_view part : parts) {
    if (const At count = status[part]; count.number() > all) count.invalid("cannot be greater than status.replicas");
  }
  const At available = status["availableReplicas"];
  if (available.number() > status["readyReplicas"].number()) {
    available.invalid("cannot be greater than " + std::string(ready_words));
  }
}

void validate_deployment(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_deployment_spec(object["spec"]);
}

void validate_deployment_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_deployment_spec(object["spec"]);
  validate_same_selector(object, old);
}

void validate_deployment_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At status = object["status"];
  for (const std::string_view field :
       {"observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
        "unavailableReplicas", "terminatingReplicas", "collisionCount"}) {
    status[field].must_not_be_negative();
  }
  validate_replica_counts(status, {"updatedReplicas", "readyReplicas", "availableReplicas"}, "readyReplicas");
  const At collisions = status["collisionCount"];
  if (collisions.number() < old["status"]["collisionCount"].number()) {
    collisions.invalid(collisions.number(), "cannot be decremented");
  }
}

void validate_replica_set(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_replica_set_spec(object["spec"]);
}

void validate_replica_set_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_replica_set_spec(object["spec"]);
  validate_same_selector(object, old);
}

void validate_replica_set_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At status = object["status"];
  for (const std::string_view field : {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
                                       "observedGeneration", "terminatingReplicas"}) {
    status[field].must_not_be_negative();
  }
  validate_replica_counts(status, {"fullyLabeledReplicas", "readyReplicas", "availableReplicas"}, "readyReplicas");
}

// --- ReplicationController --------------------------------------------------------------------------------------

namespace {

void validate_replication_spec(At spec) {
  spec["minReadySeconds"].must_not_be_negative();
  const At selector = spec["selector"];
  if (selector.empty()) selector.required();
  spec["replicas"].must_not_be_negative();
  const At pods = spec["template"];
  if (!pods) return pods.required();
  const At labels = pods["metadata"]["labels"];
  const bool is_own = std::ranges::all_of(
      selector.members(), [&](const auto& member) { return labels.value()[member.first] == member.second; });
  if (!is_own) labels.invalid("`selector` does not match template `labels`");
  validate_pod_template(pods);
  validate_runs_for_ever(pods["spec"], "ReplicationController");
}

}  // namespace

void validate_replication_controller(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_replication_spec(object["spec"]);
}

void validate_replication_controller_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_replication_spec(object["spec"]);
}

// --- DaemonSet -------------------------------------------------------------------------------------------------

namespace {

void validate_daemon_strategy(At strategy) {
  const std::string_view type = strategy["type"].text();
  const At rolling = strategy["rollingUpdate"];
  if (type == "OnDelete") return;
  if (type != "RollingUpdate") {
    constexpr std::string_view supported[] = {"RollingUpdate", "OnDelete"};
    Problem problem = not_supported(strategy.path(), {}, supported);
    problem.bad_value = strategy_as_go(strategy);
    return strategy.add(std::move(problem));
  }
  if (!rolling) return rolling.required();
  const At unavailable = rolling["maxUnavailable"];
  const At surge = rolling["maxSurge"];
  validate_count_or_percent(unavailable);
  validate_count_or_percent(surge);
  validate_not_above_100_percent(unavailable);
  validate_not_above_100_percent(surge);
  const bool has_unavailable = count_or_percent(unavailable) != 0;
  const bool has_surge = count_or_percent(surge) != 0;
  if (has_unavailable && has_surge) surge.invalid("may not be set when maxUnavailable is non-zero");
  if (!has_unavailable && !has_surge) unavailable.required("cannot be 0 when maxSurge is 0");
}

void validate_daemon_set_spec(At spec) {
  const At selector = spec["selector"];
  const At pods = spec["template"];
  const bool is_selector = validate_label_selector(selector);
  const At labels = pods["metadata"]["labels"];
  if (is_selector && (!selector || !selector_matches(selector.value(), labels.value()))) {
    labels.invalid("`selector` does not match template `labels`");
  }
  if (selector && is_empty_selector(selector.value())) selector.invalid("empty selector is invalid for daemonset");
  validate_pod_template(pods);
  validate_runs_for_ever(pods["spec"], "DaemonSet");
  spec["minReadySeconds"].must_not_be_negative();
  validate_daemon_strategy(spec["updateStrategy"]);
  spec["revisionHistoryLimit"].must_not_be_negative();
}

}  // namespace

void validate_daemon_set(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_daemon_set_spec(object["spec"]);
}

void validate_daemon_set_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_daemon_set_spec(object["spec"]);
  validate_same_selector(object, old);
}

void validate_daemon_set_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At status = object["status"];
  for (const std::string_view field :
       {"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration",
        "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount"}) {
    status[field].must_not_be_negative();
  }
  const At collisions = status["collisionCount"];
  if (collisions.number() < old["status"]["collisionCount"].number()) {
    collisions.invalid(collisions.number(), "cannot be decremented");
  }
}

void validate_controller_revision(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  object["revision"].must_not_be_negative();
  const At data = object["data"];
  if (!data) {
    data.required("data is mandatory");
  } else if (!data.value().is_object()) {
    data.required("data must be a valid JSON object");
  }
}

void validate_controller_revision_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["revision"].must_not_be_negative();
  object["data"].must_not_change(old["data"]);
}

}  // namespace slipway::objects::validation
