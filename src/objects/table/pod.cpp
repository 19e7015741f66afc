// Pods. What a pod's status is, is one word made of its phase, its reason and the states of its containers.

#include <optional>

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

bool is_sidecar(const Value& pod, const std::string& name) {
  return text(find_by(pod["spec"]["initContainers"], "name", name)["restartPolicy"]) == "Always";
}

bool condition_is_true(const Value& pod, std::string_view type) {
  return text(find_by(pod["status"]["conditions"], "type", type)["status"]) == "True";
}

// How often containers were restarted, and when the last of them ended before that.
struct Restarts {
  std::int64_t number = 0;
  std::optional<Time> last;

  void add(const Value& status) {
    number += count(status["restartCount"]);
    const auto ended = core::parse_rfc3339(text(status["lastState"]["terminated"]["finishedAt"]));
    if (ended && (!last || *last < *ended)) last = *ended;
  }
  std::string shown(Time now) const {
    if (number == 0 || !last) return std::to_string(number);
    return std::to_string(number) + " (" + human_duration(now - *last) + " ago)";
  }
};

// "Error", "Signal:9", "ExitCode:3"
std::string how_it_ended(const Value& terminated) {
  if (const std::string reason = text(terminated["reason"]); !reason.empty()) return reason;
  if (const std::int64_t signal = count(terminated["signal"]); signal != 0) return "Signal:" + std::to_string(signal);
  return "ExitCode:" + std::to_string(count(terminated["exitCode"]));
}

struct Summary {
  std::string reason;
  std::int64_t ready = 0;
  std::int64_t containers = 0;
  Restarts restarts;
};

// Whether the pod is still at its init containers, of which the first unfinished one gives the reason.
bool summarize_init(const Value& pod, Summary& summary, Restarts& of_sidecars) {
  const auto& statuses = elements(pod["status"]["initContainerStatuses"]);
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const Value& status = statuses[i];
    const Value& terminated = status["state"]["terminated"];
    const bool sidecar = is_sidecar(pod, text(status["name"]));
    summary.restarts.add(status);
    if (sidecar) of_sidecars.add(status);
    if (!terminated.is_null() && count(terminated["exitCode"]) == 0) continue;
    if (sidecar && status["started"].bool_or(false)) {
      if (status["ready"].bool_or(false)) ++summary.ready;
      continue;
    }
    const std::string waiting = text(status["state"]["waiting"]["reason"]);
    if (!terminated.is_null())
      summary.reason = "Init:" + how_it_ended(terminated);
    else if (!waiting.empty() && waiting != "PodInitializing")
      summary.reason = "Init:" + waiting;
    else
      summary.reason = "Init:" + std::to_string(i) + "/" + std::to_string(pod["spec"]["initContainers"].size());
    return true;
  }
  return false;
}

// The first container that has something to say wins, so they are asked from the last to the first.
void summarize_containers(const Value& pod, Summary& summary) {
  bool running = false;
  const auto& statuses = elements(pod["status"]["containerStatuses"]);
  for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
    summary.restarts.add(*status);
    const Value& state = (*status)["state"];
    if (const std::string waiting = text(state["waiting"]["reason"]); !waiting.empty()) {
      summary.reason = waiting;
    } else if (!state["terminated"].is_null()) {
      summary.reason = how_it_ended(state["terminated"]);
    } else if ((*status)["ready"].bool_or(false) && !state["running"].is_null()) {
      running = true;
      ++summary.ready;
    }
  }
  if (summary.reason == "Completed" && running) {
    summary.reason = condition_is_true(pod, "Ready") ? "Running" : "NotReady";
  }
}

Summary summarize(const Value& pod) {
  const std::string phase = text(pod["status"]["phase"]);
  const std::string reason = text(pod["status"]["reason"]);
  Summary summary;
  summary.reason = reason.empty() ? phase : reason;
  for (const Value& condition : elements(pod["status"]["conditions"])) {
    if (text(condition["type"]) == "PodScheduled" && text(condition["reason"]) == "SchedulingGated")
      summary.reason = "SchedulingGated";
  }
  summary.containers = static_cast<std::int64_t>(pod["spec"]["containers"].size());
  for (const Value& init : elements(pod["spec"]["initContainers"])) {
    if (text(init["restartPolicy"]) == "Always") ++summary.containers;
  }
  Restarts of_sidecars;
  if (!summarize_init(pod, summary, of_sidecars) || condition_is_true(pod, "Initialized")) {
    summary.restarts = of_sidecars;
    summarize_containers(pod, summary);
  }
  if (is_being_deleted(pod)) {
    if (reason == "NodeLost")
      summary.reason = "Unknown";
    else if (phase != "Succeeded" && phase != "Failed")
      summary.reason = "Terminating";
  }
  return summary;
}

std::string address(const Value& pod) {
  const std::string one = text(pod["status"]["podIP"]);
  return one.empty() ? text(pod["status"]["podIPs"][std::size_t{0}]["ip"]) : one;
}

std::string gates(const Value& pod) {
  const auto& wanted = elements(pod["spec"]["readinessGates"]);
  if (wanted.empty()) return "<none>";
  const auto open = std::ranges::count_if(
      wanted, [&](const Value& gate) { return condition_is_true(pod, text(gate["conditionType"])); });
  return std::to_string(open) + "/" + std::to_string(wanted.size());
}

doc::Array cells(const Value& pod, Time now) {
  const auto or_none = [](std::string given) { return given.empty() ? std::string("<none>") : given; };
  const Summary summary = summarize(pod);
  return {name_of(pod),
          std::to_string(summary.ready) + "/" + std::to_string(summary.containers),
          summary.reason,
          summary.restarts.shown(now),
          age_of(pod, now),
          or_none(address(pod)),
          or_none(text(pod["spec"]["nodeName"])),
          or_none(text(pod["status"]["nominatedNodeName"])),
          gates(pod)};
}

Value conditions(const Value& pod) {
  const std::string phase = text(pod["status"]["phase"]);
  if (phase != "Succeeded" && phase != "Failed") return {};
  return doc::Array{
      doc::Object{{"type", "Completed"},
                  {"status", "True"},
                  {"reason", phase},
                  {"message", phase == "Failed" ? "The pod failed." : "The pod has completed successfully."}}};
}

}  // namespace

std::vector<Printer> pod_printers() {
  return {{"",
           "Pod",
           {name_column(), column("Ready", "string", "How many of the containers are ready."),
            column("Status", "string", "What the pod is doing, or why it is not."),
            column("Restarts", "string", "How often containers were restarted, and when that was last."), age_column(),
            wide_column("IP", "The pod's address."), wide_column("Node", "The node it runs on."),
            wide_column("Nominated Node", "The node where room is being made for it."),
            wide_column("Readiness Gates", "How many of the conditions that readiness waits for are true.")},
           cells,
           conditions}};
}

}  // namespace slipway::objects::table
