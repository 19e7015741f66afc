#include "pods/pod_status.hpp"

#include "pods/sequence.hpp"

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

doc::Value waiting(const objects::Object& pod, const ContainerView& view) {
  const char* usual = pod.spec()["initContainers"].size() > 0 ? "PodInitializing" : "ContainerCreating";
  doc::Object state;
  state.set("reason", view.waiting_reason.empty() ? usual : view.waiting_reason);
  if (!view.waiting_message.empty()) state.set("message", view.waiting_message);
  return doc::Object{{"waiting", std::move(state)}};
}

bool waits(const ContainerView& view) {
  return view.current.state == State::absent || view.current.state == State::starting || view.is_settling ||
         (view.current.has_exited() && view.will_restart);
}

doc::Value render_container(const objects::Object& pod, const ContainerView& view) {
  const auto container_id = [&](int attempt) {
    return "slipway://" + pod.uid() + "/" + view.name + "." + std::to_string(attempt);
  };
  const bool running = view.current.state == State::running && !view.is_settling;
  const bool is_done = view.role == Role::init && is_through(view);  // that is all an init container is asked for
  doc::Value state = doc::Object{};
  if (running) {
    state = doc::Object{{"running", doc::Object{{"startedAt", time_value(view.current.started_at)}}}};
  } else if (waits(view)) {
    state = waiting(pod, view);
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
  status.set("imageID", view.image_id);
  status.set("containerID", view.current.state == State::absent ? "" : container_id(view.attempt));
  status.set("ready", (running && view.ready) || is_done);
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

template <class Predicate>
std::string names_of(std::span<const ContainerView> containers, Predicate is_wanted) {
  std::string names;
  for (const auto& view : containers) {
    if (is_wanted(view)) names += (names.empty() ? "" : " ") + view.name;
  }
  return names;
}

Condition initialization_of(std::span<const ContainerView> containers) {
  if (has_begun(containers)) return {"True", "", ""};
  const std::string missing = names_of(containers, [](const ContainerView& view) {
    return (view.role == Role::init || view.role == Role::sidecar) && !is_through(view);
  });
  if (missing.empty()) return {"True", "", ""};
  return {"False", "ContainersNotInitialized", "containers with incomplete status: [" + missing + "]"};
}

Condition readiness_of(std::span<const ContainerView> containers, const std::string& phase) {
  if (phase == "Succeeded" || phase == "Failed") return {"False", phase == "Failed" ? "PodFailed" : "PodCompleted", ""};
  const std::string missing = names_of(containers, [](const ContainerView& view) {
    const bool counts = view.role == Role::main || view.role == Role::sidecar;
    return counts && !(view.current.state == State::running && view.ready);
  });
  if (missing.empty()) return {"True", "", ""};
  return {"False", "ContainersNotReady", "containers with unready status: [" + missing + "]"};
}

// What the Pod got: the least of what its containers have.
std::optional<Condition> isolation_of(std::span<const ContainerView> containers) {
  bool any = false;
  bool all_have_view = true;
  bool all_have_root = true;
  for (const auto& view : containers) {
    if (view.is_guest() || (view.current.state != State::running && !view.current.has_exited())) continue;
    any = true;
    all_have_view = all_have_view && view.current.own_view;
    all_have_root = all_have_root && view.current.own_root;
  }
  if (!any) return std::nullopt;
  if (all_have_root)
    return Condition{"True", "Container", "root file systems of images; else the machine's network and processes"};
  if (all_have_view)
    return Condition{"True", "Namespaces", "mount namespaces: its volumes, a private /tmp; else the machine's files"};
  return Condition{"True", "Process", "processes that see the machine's files; no volumes"};
}

// A Pod whose containers are ready is so itself when everybody who has a say agrees.
Condition gated(const objects::Object& pod, const Condition& ready) {
  if (ready.status != std::string_view("True")) return ready;
  std::string why;
  const doc::Value& gates = pod.spec()["readinessGates"];
  for (std::size_t i = 0; i < gates.size(); ++i) {
    const std::string type = gates[i]["conditionType"].string_or("");
    const std::string status = pod.condition_status(type);
    if (status == "True") continue;
    why += why.empty() ? "" : ", ";
    why += status.empty() ? "corresponding condition of pod readiness gate \"" + type + "\" does not exist."
                          : "the status of pod readiness gate \"" + type + "\" is not \"True\", but " + status;
  }
  return why.empty() ? ready : Condition{"False", "ReadinessGatesNotReady", why};
}

template <class Predicate>
doc::Array render_containers(const objects::Object& pod, std::span<const ContainerView> containers,
                             Predicate is_wanted) {
  doc::Array statuses;
  for (const auto& view : containers) {
    if (is_wanted(view.role)) statuses.push_back(render_container(pod, view));
  }
  return statuses;
}

}  // namespace

std::string phase_of(std::span<const ContainerView> containers) {
  bool all_ended = true;
  bool any_failed = false;
  bool any_never_started = false;
  bool any_main = false;
  for (const auto& view : containers) {
    const bool ended = view.current.has_exited() && !view.will_restart;
    if (view.role == Role::init && ended && view.current.exit.code != 0) any_failed = true;
    if (view.role != Role::main) continue;
    any_main = true;
    all_ended = all_ended && ended;
    any_failed = any_failed || (ended && view.current.exit.code != 0);
    const bool up_or_was = view.current.state == State::running || view.current.has_exited() || view.attempt > 0;
    any_never_started = any_never_started || !up_or_was;
  }
  // While sidecars leave, the Pod has not ended.
  if (is_over(containers)) {
    if (next_to_leave(containers) == nullptr) return any_failed ? "Failed" : "Succeeded";
    return all_ended ? "Running" : "Pending";
  }
  return any_never_started || !any_main ? "Pending" : "Running";
}

bool is_finished(const objects::Object& pod) {
  const std::string phase = pod.status()["phase"].string_or("");
  return phase == "Succeeded" || phase == "Failed";
}

std::vector<Declared> declared_containers(const objects::Object& pod) {
  std::vector<Declared> declared;
  const doc::Value& spec = pod.spec();
  const doc::Value& init = spec["initContainers"];
  for (std::size_t i = 0; i < init.size(); ++i) {
    const bool stays = init[i]["restartPolicy"].string_or("") == "Always";
    declared.push_back({init[i], stays ? Role::sidecar : Role::init});
  }
  for (std::size_t i = 0; i < spec["containers"].size(); ++i) declared.push_back({spec["containers"][i], Role::main});
  const doc::Value& guests = spec["ephemeralContainers"];
  for (std::size_t i = 0; i < guests.size(); ++i) declared.push_back({guests[i], Role::guest});
  return declared;
}

const doc::Value& container_status(const objects::Object& pod, const std::string& container) {
  static const doc::Value none;
  for (const std::string_view list : {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"}) {
    const doc::Value& statuses = pod.status()[list];
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      if (statuses[i]["name"].string_or("") == container) return statuses[i];
    }
  }
  return none;
}

void render_status(objects::Object& pod, std::span<const ContainerView> containers, Time now) {
  const std::string phase = phase_of(containers);
  pod.status().at_or_insert("phase") = phase;
  pod.set_condition("PodScheduled", "True", "", "", now);
  const Condition initialized = initialization_of(containers);
  pod.set_condition("Initialized", initialized.status, initialized.reason, initialized.message, now);
  const Condition ready = readiness_of(containers, phase);
  pod.set_condition("ContainersReady", ready.status, ready.reason, ready.message, now);
  const Condition open = gated(pod, ready);
  pod.set_condition("Ready", open.status, open.reason, open.message, now);
  if (const auto isolation = isolation_of(containers))
    pod.set_condition(isolation_condition, "True", isolation->reason, isolation->message, now);
  const auto write = [&](const char* list, auto is_wanted) {
    doc::Array statuses = render_containers(pod, containers, is_wanted);
    if (!statuses.empty()) pod.status().at_or_insert(list) = std::move(statuses);
  };
  write("initContainerStatuses", [](Role role) { return role == Role::init || role == Role::sidecar; });
  write("containerStatuses", [](Role role) { return role == Role::main; });
  write("ephemeralContainerStatuses", [](Role role) { return role == Role::guest; });
}

}  // namespace slipway::pods
