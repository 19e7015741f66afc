#include "pods/pod_status.hpp"

#include <algorithm>

namespace slipway::pods {
namespace {

using State = ContainerRecord::State;

doc::Value time_value(const std::optional<Time>& time) {
  return time ? doc::Value(core::render_rfc3339(*time)) : doc::Value();
}

doc::Value terminated(const ContainerRecord& record, const std::string& container_id) {
  doc::Object state;
  state.set("exitCode", record.exit.code);
  if (record.exit.signal != 0) state.set("signal", record.exit.signal);
  state.set("reason", !record.reason.empty() ? record.reason : record.exit.code == 0 ? "Completed" : "Error");
  if (!record.message.empty()) state.set("message", record.message);
  state.set("startedAt", time_value(record.started_at));
  state.set("finishedAt", time_value(record.finished_at));
  state.set("containerID", container_id);
  return doc::Object{{"terminated", std::move(state)}};
}

doc::Value waiting(const ContainerView& view) {
  doc::Object state;
  state.set("reason", view.waiting_reason.empty() ? "ContainerCreating" : view.waiting_reason);
  if (!view.waiting_message.empty()) state.set("message", view.waiting_message);
  return doc::Object{{"waiting", std::move(state)}};
}

bool waits(const ContainerView& view) {
  return view.current.state == State::absent || view.current.state == State::starting ||
         (view.current.has_exited() && view.will_restart);
}

doc::Value render_container(const objects::Object& pod, const ContainerView& view) {
  const auto container_id = [&](int attempt) {
    return "slipway://" + pod.uid() + "/" + view.name + "." + std::to_string(attempt);
  };
  const bool running = view.current.state == State::running;
  doc::Value state = doc::Object{};
  if (running) {
    state = doc::Object{{"running", doc::Object{{"startedAt", time_value(view.current.started_at)}}}};
  } else if (waits(view)) {
    state = waiting(view);
  } else {
    state = terminated(view.current, container_id(view.attempt));
  }
  doc::Value last = doc::Object{};
  if (view.current.has_exited() && view.will_restart) {
    last = terminated(view.current, container_id(view.attempt));
  } else if (view.last.has_exited()) {
    last = terminated(view.last, container_id(view.attempt - 1));
  }
  doc::Object status;
  status.set("name", view.name);
  status.set("image", view.image);
  status.set("imageID", "");
  status.set("containerID", view.current.state == State::absent ? "" : container_id(view.attempt));
  status.set("ready", running && view.ready);
  status.set("started", running && view.started);
  status.set("restartCount", view.attempt);
  status.set("state", std::move(state));
  status.set("lastState", std::move(last));
  return status;
}

struct Condition {
  const char* status;
  std::string reason, message;
};

Condition readiness_of(std::span<const ContainerView> containers, const std::string& phase) {
  if (phase == "Succeeded" || phase == "Failed") return {"False", phase == "Failed" ? "PodFailed" : "PodCompleted", ""};
  std::string missing;
  for (const auto& view : containers) {
    if (view.current.state == State::running && view.ready) continue;
    missing += (missing.empty() ? "" : " ") + view.name;
  }
  if (missing.empty()) return {"True", "", ""};
  return {"False", "ContainersNotReady", "containers with unready status: [" + missing + "]"};
}

}  // namespace

std::string phase_of(std::span<const ContainerView> containers) {
  bool all_ended = !containers.empty();
  bool any_failed = false;
  bool any_never_started = false;
  for (const auto& view : containers) {
    const bool ended = view.current.has_exited() && !view.will_restart;
    all_ended = all_ended && ended;
    any_failed = any_failed || (ended && view.current.exit.code != 0);
    const bool up_or_was = view.current.state == State::running || view.current.has_exited() || view.attempt > 0;
    any_never_started = any_never_started || !up_or_was;
  }
  if (all_ended) return any_failed ? "Failed" : "Succeeded";
  return any_never_started || containers.empty() ? "Pending" : "Running";
}

bool is_finished(const objects::Object& pod) {
  const std::string phase = pod.status()["phase"].string_or("");
  return phase == "Succeeded" || phase == "Failed";
}

std::vector<Declared> declared_containers(const objects::Object& pod) {
  std::vector<Declared> declared;
  const doc::Value& spec = pod.spec();
  for (std::size_t i = 0; i < spec["containers"].size(); ++i) declared.push_back({spec["containers"][i], false});
  const doc::Value& ephemeral = spec["ephemeralContainers"];
  for (std::size_t i = 0; i < ephemeral.size(); ++i) declared.push_back({ephemeral[i], true});
  return declared;
}

const doc::Value& container_status(const objects::Object& pod, const std::string& container) {
  static const doc::Value none;
  for (const std::string_view list : {"containerStatuses", "ephemeralContainerStatuses"}) {
    const doc::Value& statuses = pod.status()[list];
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      if (statuses[i]["name"].string_or("") == container) return statuses[i];
    }
  }
  return none;
}

void render_status(objects::Object& pod, std::span<const ContainerView> all, Time now) {
  const auto first_ephemeral = std::ranges::find_if(all, &ContainerView::is_ephemeral);
  const std::span containers(all.begin(), first_ephemeral);
  const std::string phase = phase_of(containers);
  pod.status().at_or_insert("phase") = phase;
  pod.set_condition("PodScheduled", "True", "", "", now);
  pod.set_condition("Initialized", "True", "", "", now);
  const Condition ready = readiness_of(containers, phase);
  pod.set_condition("ContainersReady", ready.status, ready.reason, ready.message, now);
  pod.set_condition("Ready", ready.status, ready.reason, ready.message, now);
  doc::Array statuses;
  for (const auto& view : containers) statuses.push_back(render_container(pod, view));
  pod.status().at_or_insert("containerStatuses") = std::move(statuses);
  if (first_ephemeral == all.end()) return;
  doc::Array ephemeral;
  for (const auto& view : std::span(first_ephemeral, all.end())) ephemeral.push_back(render_container(pod, view));
  pod.status().at_or_insert("ephemeralContainerStatuses") = std::move(ephemeral);
}

}  // namespace slipway::pods
