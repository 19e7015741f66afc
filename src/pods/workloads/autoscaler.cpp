#include "pods/workloads/autoscaler.hpp"

#include <algorithm>

#include "core/quantity.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using namespace std::chrono_literals;
using objects::Object;
using objects::Outcome;

namespace {

constexpr Duration period = 15s;
constexpr Duration beginning = 5min;          // of a Pod, in which its CPU says little
constexpr Duration never_ready_within = 30s;  // one that was not ready since then never was

std::optional<Time> time_of(const doc::Value& value) {
  const auto time = core::parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

std::int64_t thousandths(const doc::Value& quantity) {
  const auto parsed = core::Quantity::parse(quantity.string_or("0"));
  return parsed ? parsed->milli() : 0;
}

std::string quantity_of(const std::string& resource, std::int64_t milli) {
  if (resource == "cpu") return std::to_string(milli) + "m";
  return std::to_string(milli / 1000);
}

int count_of(const doc::Value& value, std::int64_t fallback) {
  return static_cast<int>(std::clamp<std::int64_t>(value.int_or(fallback), 0, 1'000'000'000));
}

// Of all containers and sidecars, or of the one that is named. nullopt, and `lacking` says who, when one asks for
// nothing.
std::optional<std::int64_t> request_of(const Object& pod, const std::string& resource, const std::string& container,
                                       std::string& lacking) {
  std::int64_t sum = 0;
  for (const char* list : {"containers", "initContainers"}) {
    const doc::Value& containers = pod.spec()[list];
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const doc::Value& one = containers[i];
      const bool stays = list == std::string_view("containers") || one["restartPolicy"].string_or("") == "Always";
      if (!stays || (!container.empty() && one["name"].string_or("") != container)) continue;
      const doc::Value& asked = one["resources"]["requests"][resource];
      if (asked.is_null()) {
        lacking = "missing request for " + resource + " in container " + one["name"].string_or("") + " of Pod " +
                  pod.name().name;
        return std::nullopt;
      }
      sum += thousandths(asked);
    }
  }
  return sum;
}

std::int64_t usage_in(const doc::Value& metrics, const std::string& resource, const std::string& container) {
  std::int64_t sum = 0;
  const doc::Value& containers = metrics["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (container.empty() || containers[i]["name"].string_or("") == container)
      sum += thousandths(containers[i]["usage"][resource]);
  }
  return sum;
}

// What a Pod's CPU says while it begins is not how it will be.
bool is_beginning(const Object& pod, const doc::Value& metrics, Time now) {
  const auto started = time_of(pod.status()["startTime"]);
  const auto since = pod.condition_since("Ready");
  if (!started || !since) return true;
  const bool is_unready = pod.condition_status("Ready") == "False";
  if (*started + beginning <= now) return is_unready && *started + never_ready_within > *since;
  const auto measured = time_of(metrics["timestamp"]);
  const auto window = core::parse_go_duration(metrics["window"].string_or("0s"));
  return is_unready || (measured && *measured < *since + window.value_or(Duration{}));
}

void note(Object& autoscaler, const char* type, const Decision::Note& said, Time now) {
  autoscaler.set_condition(type, said.is_true ? "True" : "False", said.reason, said.message, now);
}

// Of a metric that nobody measures.
std::string failure_reason(const std::string& type) {
  if (type == "Pods") return "FailedGetPodsMetric";
  if (type == "Object") return "FailedGetObjectMetric";
  return type == "External" ? "FailedGetExternalMetric" : "InvalidMetricSourceType";
}

}  // namespace

struct AutoscalerReconciler::Scaled {
  objects::Kind kind;
  Object object;
  objects::LabelSelector selector;
  int replicas = 0;
};

Result<Outcome> AutoscalerReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(autoscaler_kind, name));
  if (!found || found->is_being_deleted()) {
    memory_.erase(name);
    return Outcome{};
  }
  Memory& memory = memory_[name];
  if (memory.uid != found->uid()) memory = {found->uid(), -1, {}, {}};
  const Instant now = world_.clock.monotonic();
  if (memory.generation == found->generation() && now < memory.next) return Outcome{memory.next - now};
  memory.generation = found->generation();
  memory.next = now + period;
  Object autoscaler = *found;
  const auto looked = look(autoscaler, memory);
  if (!(std::as_const(autoscaler).status() == found->status())) TRY(store_.update_status(std::move(autoscaler)));
  TRY(looked);
  return Outcome{period};
}

Result<std::optional<AutoscalerReconciler::Scaled>> AutoscalerReconciler::find_target(Object& autoscaler) {
  const doc::Value& reference = std::as_const(autoscaler).spec()["scaleTargetRef"];
  const auto refuse = [&](const std::string& why) {
    events_.warn(autoscaler, "FailedGetScale", why);
    autoscaler.set_condition("AbleToScale", "False", "FailedGetScale",
                             "the HPA controller was unable to get the target's current scale: " + why,
                             world_.clock.now());
    return std::optional<Scaled>();
  };
  const std::string name = reference["name"].string_or("");
  const auto kind = kinds::find(reference["apiVersion"].string_or("v1"), reference["kind"].string_or(""));
  if (!kind) return refuse("no matches for kind \"" + reference["kind"].string_or("") + "\"");
  TRY_ASSIGN(auto found, store_.find(*kind, {autoscaler.name().ns, name}));
  if (!found) {
    return refuse(std::string(kind->plural) + (kind->group.empty() ? "" : ".") + std::string(kind->group) + " \"" +
                  name + "\" not found");
  }
  Scaled target{*kind, std::move(*found), {}, 0};
  target.replicas = count_of(target.object.spec()["replicas"], 1);
  const doc::Value& text = target.object.status()["selector"];
  auto selector = text.is_string() ? objects::LabelSelector::parse(text.as_string())
                                   : objects::LabelSelector::from_value(target.object.spec()["selector"]);
  if (!selector) return refuse("its selector is invalid: " + selector.error().one_line());
  target.selector = std::move(*selector);
  return std::optional(std::move(target));
}

Result<> AutoscalerReconciler::look(Object& autoscaler, Memory& memory) {
  TRY_ASSIGN(const auto target, find_target(autoscaler));
  if (!target) return {};
  const Time now = world_.clock.now();
  autoscaler.set_condition("AbleToScale", "True", "SucceededGetScale",
                           "the HPA controller was able to get the target's current scale", now);
  const int least = count_of(autoscaler.spec()["minReplicas"], 1);
  const int most = count_of(autoscaler.spec()["maxReplicas"], 1);
  if (memory.history.recommendations.empty()) memory.history.recommendations.push_back({now, target->replicas});
  Wanted wanted;
  wanted.replicas = target->replicas;
  if (target->replicas == 0 && least != 0) {
    autoscaler.set_condition("ScalingActive", "False", "ScalingDisabled",
                             "scaling is disabled since the replica count of the target is zero", now);
  } else if (target->replicas > most) {
    wanted.replicas = most;
    wanted.reason = "Current number of replicas above Spec.MaxReplicas";
  } else if (target->replicas < least) {
    wanted.replicas = least;
    wanted.reason = "Current number of replicas below Spec.MinReplicas";
  } else {
    TRY(decide_by_metrics(autoscaler, *target, memory, wanted));
  }
  return rescale(autoscaler, *target, wanted, memory);
}

Result<> AutoscalerReconciler::decide_by_metrics(Object& autoscaler, const Scaled& target, Memory& memory,
                                                 Wanted& wanted) {
  if (!measure_all(autoscaler, target, wanted)) {
    wanted.replicas = target.replicas;
    return {};
  }
  if (wanted.replicas > target.replicas) wanted.reason = wanted.metric + " above target";
  if (wanted.replicas < target.replicas) wanted.reason = "All metrics below target";
  const Time now = world_.clock.now();
  const doc::Value& spec = std::as_const(autoscaler).spec();
  const auto decision = decide(read_behavior(spec), target.replicas, wanted.replicas, count_of(spec["minReplicas"], 1),
                               count_of(spec["maxReplicas"], 1), memory.history, now);
  note(autoscaler, "AbleToScale", decision.able, now);
  note(autoscaler, "ScalingLimited", decision.limited, now);
  wanted.replicas = decision.replicas;
  return {};
}

// Whether there is a number: when some metric fails, only one that is not lower than now.
bool AutoscalerReconciler::measure_all(Object& autoscaler, const Scaled& target, Wanted& wanted) {
  const doc::Value metrics = std::as_const(autoscaler).spec()["metrics"];
  std::optional<Failed> failed;
  std::size_t failures = 0;
  std::optional<int> highest;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    auto measured = measure(autoscaler, metrics[i], target);
    if (!measured) {
      ++failures;
      if (!failed) failed = measured.error();
      events_.warn(autoscaler, measured.error().reason, measured.error().message);
      continue;
    }
    wanted.current.push_back(std::move(measured->status));
    if (highest && *highest >= measured->proposal.replicas) continue;
    highest = measured->proposal.replicas;
    wanted.metric = measured->name;
  }
  const Time now = world_.clock.now();
  if (!highest || (failed && *highest < target.replicas)) {
    const Failed why = failed.value_or(Failed{"InvalidMetricSourceType", "there is no metric"});
    autoscaler.set_condition("ScalingActive", "False", why.reason,
                             "the HPA was unable to compute the replica count: " + why.message, now);
    events_.warn(autoscaler, "FailedComputeMetricsReplicas",
                 "invalid metrics (" + std::to_string(failures) + " invalid out of " + std::to_string(metrics.size()) +
                     "), first error is: " + why.message);
    return false;
  }
  autoscaler.set_condition("ScalingActive", "True", "ValidMetricFound",
                           "the HPA was able to successfully calculate a replica count from " + wanted.metric, now);
  wanted.replicas = *highest;
  return true;
}

AutoscalerReconciler::Measuring<AutoscalerReconciler::Measured> AutoscalerReconciler::measure(const Object& autoscaler,
                                                                                              const doc::Value& metric,
                                                                                              const Scaled& target) {
  const std::string type = metric["type"].string_or("");
  const bool of_container = type == "ContainerResource";
  if (type != "Resource" && !of_container) {
    const char* api = type == "External" ? "external" : "custom";
    return std::unexpected(Failed{failure_reason(type), std::string("unable to fetch metrics from ") + api +
                                                            " metrics API: no " + api + " metrics API (" + api +
                                                            ".metrics.k8s.io) registered"});
  }
  const char* part = of_container ? "containerResource" : "resource";
  const doc::Value& source = metric[part];
  const std::string resource = source["name"].string_or("");
  const std::string container = of_container ? source["container"].string_or("") : "";
  Target wanted;
  wanted.is_percent = source["target"]["averageValue"].is_null();
  wanted.value = wanted.is_percent ? source["target"]["averageUtilization"].int_or(0)
                                   : thousandths(source["target"]["averageValue"]);
  const Behavior behavior = read_behavior(autoscaler.spec());
  wanted.tolerance_up = behavior.up.tolerance.value_or(wanted.tolerance_up);
  wanted.tolerance_down = behavior.down.tolerance.value_or(wanted.tolerance_down);
  const auto failed = [&](const std::string& why) {
    return std::unexpected(
        Failed{of_container ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric",
               "failed to get " + resource + (wanted.is_percent ? " utilization: " : " usage: ") + why});
  };
  const auto samples = samples_of(target, resource, container, wanted.is_percent);
  if (!samples) return failed(samples.error().message);
  const auto proposal = propose(wanted, target.replicas, *samples);
  if (!proposal) return failed("did not receive metrics for targeted pods (pods might be unready)");
  doc::Object current{{"averageValue", quantity_of(resource, proposal->average)}};
  if (wanted.is_percent) current.set("averageUtilization", proposal->percent);
  doc::Object status{{"name", resource}, {"current", std::move(current)}};
  if (of_container) status.set("container", container);
  const std::string what = resource + (of_container ? " container" : "") + " resource";
  return Measured{*proposal, wanted.is_percent ? what + " utilization (percentage of request)" : what,
                  doc::Object{{"type", type}, {part, std::move(status)}}};
}

AutoscalerReconciler::Measuring<std::vector<PodSample>> AutoscalerReconciler::samples_of(const Scaled& target,
                                                                                         const std::string& resource,
                                                                                         const std::string& container,
                                                                                         bool needs_requests) {
  objects::ListOptions options;
  options.ns = target.object.name().ns;
  options.labels = target.selector;
  const auto pods = store_.list(kinds::pod, options);
  if (!pods) return std::unexpected(Failed{{}, pods.error().one_line()});
  if (pods->items.empty())
    return std::unexpected(Failed{{}, "no pods returned by selector while calculating replica count"});
  std::vector<PodSample> samples;
  bool any_measured = false;
  for (const Object& pod : pods->items) {
    PodSample sample;
    const std::string phase = pod.status()["phase"].string_or("Pending");
    const auto metrics = usage_of_(pod);
    any_measured = any_measured || metrics;
    std::string lacking;
    const auto request = request_of(pod, resource, container, lacking);
    if (!request && needs_requests) return std::unexpected(Failed{{}, lacking});
    sample.request = request.value_or(0);
    if (pod.is_being_deleted() || phase == "Failed") {
      sample.state = PodSample::State::ignored;
    } else if (phase == "Pending") {
      sample.state = PodSample::State::unready;
    } else if (!metrics) {
      sample.state = PodSample::State::missing;
    } else if (resource == "cpu" && is_beginning(pod, *metrics, world_.clock.now())) {
      sample.state = PodSample::State::unready;
    } else {
      sample.usage = usage_in(*metrics, resource, container);
    }
    samples.push_back(sample);
  }
  if (!any_measured) {
    return std::unexpected(Failed{
        {}, "unable to get metrics for resource " + resource + ": no metrics returned from resource metrics API"});
  }
  return samples;
}

Result<> AutoscalerReconciler::rescale(Object& autoscaler, const Scaled& target, const Wanted& wanted, Memory& memory) {
  const Time now = world_.clock.now();
  doc::Value& status = autoscaler.status();
  status.at_or_insert("currentReplicas") = target.replicas;
  status.at_or_insert("desiredReplicas") = wanted.replicas;
  if (!wanted.current.empty()) {
    status.at_or_insert("currentMetrics") = wanted.current;
  } else if (status.is_object()) {
    status.as_object().erase("currentMetrics");
  }
  if (wanted.replicas == target.replicas) return {};
  const std::string size = std::to_string(wanted.replicas);
  const auto scaled = objects::modify(store_, target.kind, target.object.name(), [&](Object& current) {
    if (current.uid() != target.object.uid()) return false;
    current.spec().at_or_insert("replicas") = wanted.replicas;
    return true;
  });
  if (!scaled) {
    const std::string why = scaled.error().one_line();
    events_.warn(autoscaler, "FailedRescale", "New size: " + size + "; reason: " + wanted.reason + "; error: " + why);
    autoscaler.set_condition("AbleToScale", "False", "FailedUpdateScale",
                             "the HPA controller was unable to update the target scale: " + why, now);
    return {};
  }
  autoscaler.set_condition("AbleToScale", "True", "SucceededRescale",
                           "the HPA controller was able to update the target scale to " + size, now);
  autoscaler.status().at_or_insert("lastScaleTime") = core::render_rfc3339(now);
  const int change = wanted.replicas - target.replicas;
  auto& changes = change > 0 ? memory.history.added : memory.history.removed;
  changes.push_back({now, std::abs(change)});
  events_.normal(autoscaler, "SuccessfulRescale", "New size: " + size + "; reason: " + wanted.reason);
  return {};
}

}  // namespace slipway::pods::workloads
