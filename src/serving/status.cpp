#include "serving/status.hpp"

#include <algorithm>

#include "serving/errors.hpp"

namespace slipway::serving {
namespace {

std::string count_text(std::int64_t ready, std::int64_t wanted) {
  return std::to_string(ready) + " of " + std::to_string(wanted) + " replicas are ready";
}

// Why this container is not ready, "" when it is.
std::string container_text(const doc::Value& container, bool& crashing) {
  if (container["ready"].bool_or(false)) return "";
  const auto name = "container " + container["name"].string_or("");
  const auto& waiting = container["state"]["waiting"];
  const auto& last = container["lastState"]["terminated"];
  const auto& ended = container["state"]["terminated"];
  const auto& end = ended.is_object() ? ended : last;
  std::string detail;
  if (end.is_object()) {
    detail = ", exit code " + end["exitCode"].string_or("unknown");
    const auto message = end["message"].string_or("");
    if (!message.empty()) detail += ": " + message;
  }
  if (waiting.is_object()) {
    const auto reason = waiting["reason"].string_or("waiting");
    crashing = reason != "ContainerCreating" && reason != "PodInitializing";
    const auto message = waiting["message"].string_or("");
    if (detail.empty() && !message.empty()) detail = ": " + message;
    return name + " is in " + reason + detail;
  }
  if (ended.is_object()) {
    crashing = true;
    return name + " has ended" + detail;
  }
  return name + " is loading";
}

std::string phase_of(const Observed& observed, std::int64_t ready, bool settled, bool crashing) {
  if (observed.problem) return ready > 0 ? "Degraded" : "Failed";
  if (settled) return "Ready";
  if (!observed.is_current) return ready > 0 ? "Loading" : "Pending";
  if (ready >= observed.wanted) return "Loading";  // the old Pods serve while the new ones load
  if (ready > 0) return "Degraded";
  if (crashing) return "Failed";
  return observed.pods.empty() ? "Pending" : "Loading";
}

}  // namespace

std::string render_size(std::uint64_t bytes) {
  constexpr std::uint64_t kilo = 1000, mega = 1000 * kilo, giga = 1000 * mega;
  const auto in = [bytes](std::uint64_t unit, const char* name) {
    return std::to_string((bytes + unit / 2) / unit) + name;
  };
  if (bytes >= 10 * giga) return in(giga, " GB");
  if (bytes >= 10 * mega) return in(mega, " MB");
  if (bytes >= 10 * kilo) return in(kilo, " KB");
  return in(1, " bytes");
}

std::string blocking_pod(const std::vector<objects::Object>& pods, bool& crashing) {
  std::string first;
  for (const auto& pod : pods) {
    if (pod.is_being_deleted() || pod.condition_status("Ready") == "True") continue;
    bool this_one_crashes = false;
    std::string text;
    const auto& containers = pod.status()["containerStatuses"];
    for (std::size_t i = 0; i < containers.size() && text.empty(); ++i) {
      text = container_text(containers[i], this_one_crashes);
    }
    if (text.empty()) text = pod.status()["message"].string_or("is starting");
    text = pod.text() + ": " + text;
    if (this_one_crashes) {
      crashing = true;
      return text;
    }
    if (first.empty()) first = text;
  }
  return first;
}

void write_status(objects::Object& object, const Observed& observed, core::Time now) {
  const auto none = doc::Value();
  const auto& child = observed.deployment ? observed.deployment->status() : none;
  const auto ready = child["readyReplicas"].int_or(0);
  const auto total = child["replicas"].int_or(0);
  const bool current =
      observed.deployment && child["observedGeneration"].int_or(0) == observed.deployment->generation();
  const bool settled = current && !observed.problem && observed.is_current && ready == observed.wanted &&
                       total == observed.wanted && child["updatedReplicas"].int_or(0) == observed.wanted;
  bool crashing = false;
  const auto blocking = blocking_pod(observed.pods, crashing);

  auto& status = object.status();
  status.at_or_insert("observedGeneration") = object.generation();
  status.at_or_insert("phase") = phase_of(observed, ready, settled, crashing);
  status.at_or_insert("replicas") = total;
  status.at_or_insert("readyReplicas") = ready;

  if (observed.problem) {
    const auto& problem = *observed.problem;
    const bool is_model = problem.reason == reason::model_not_found;
    object.set_condition("ModelResolved", is_model ? "False" : "Unknown", problem.reason,
                         is_model ? problem.message : "not looked for yet", now);
    object.set_condition("Ready", "False", problem.reason, problem.message, now);
  } else {
    const bool is_verifying = !observed.verifying.empty();
    object.set_condition("ModelResolved", is_verifying ? "Unknown" : "True",
                         is_verifying ? reason::verifying_weights : "Found",
                         is_verifying ? observed.verifying : observed.model, now);
    auto message = count_text(ready, observed.wanted);
    if (!observed.is_current)
      message += "; " + observed.verifying;
    else if (observed.wanted == 0)
      message = settled ? "scaled to zero" : "scaling to zero";
    else if (!settled && !blocking.empty())
      message += "; " + blocking;
    else if (!settled && observed.deployment)
      message += "; waiting for " + observed.deployment->text();
    object.set_condition("Ready", settled ? "True" : "False",
                         settled                ? "Ready"
                         : !observed.is_current ? reason::verifying_weights
                         : crashing             ? "Crashing"
                                                : "Waiting",
                         message, now);
  }
  const bool available = ready > 0;
  object.set_condition("Available", available ? "True" : "False", available ? "Serving" : "NoReplica",
                       available ? count_text(ready, observed.wanted) : "no replica answers requests", now);
}

void write_template_status(objects::Object& object, const std::string& rollout, core::Time now) {
  auto& status = object.status();
  status.at_or_insert("observedGeneration") = object.generation();
  status.at_or_insert("replicas") = 0;
  status.at_or_insert("readyReplicas") = 0;
  status.as_object().erase("phase");
  const auto message = "the template of Rollout " + rollout + ", whose revisions serve";
  for (const auto* type : {"Ready", "Available"}) {
    object.set_condition(type, "Unknown", reason::template_of_rollout, message, now);
  }
}

}  // namespace slipway::serving
