// How the reconciler ends a Pod: its containers, its records, its object.

#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_step.hpp"
#include "pods/sequence.hpp"

namespace slipway::pods {

using objects::Object;
using objects::Outcome;
namespace kinds = objects::kinds;

namespace {
constexpr Duration after_sigkill = std::chrono::seconds(1);
constexpr Duration least_for_sidecars = std::chrono::seconds(2);  // whose turn comes when the Pod's time is over
}  // namespace

void PodReconciler::tell_stopping(const Object& pod, const std::string& container) {
  node_events_.normal(pod, "Killing", "Stopping container " + container, field_of(container));
}

void PodReconciler::settle(Container& container) {
  container.prober.reset();
  container.post_start.reset();
  container.pre_stop.reset();
  container.end_by.reset();
  container.was_asked = false;
}

Duration PodReconciler::ask_to_end(const Object& pod, const doc::Value& spec, const ContainerView& view,
                                   Container& container, Duration grace) {
  const Instant now = world_.clock.monotonic();
  const ContainerId id{pod.uid(), view.name, view.attempt};
  const bool first = !container.end_by;
  container.end_by = first ? now + grace : std::min(*container.end_by, now + grace);
  if (first) {
    auto hook = parse_hook(spec, "preStop", pod.status()["podIP"].string_or(""));
    if (hook && *hook && grace > Duration{}) {
      container.pre_stop = std::make_unique<Hook>(world_, **hook, surroundings_of(pod, spec, view), grace,
                                                  [this, name = pod.name()] { look_at_(name); });
    }
  }
  if (now >= *container.end_by) {
    [[maybe_unused]] auto killed = runtime_.signal(id, SIGKILL);
    return after_sigkill;
  }
  const bool hook_runs = container.pre_stop && !container.pre_stop->has_ended();
  if (hook_runs || container.was_asked) return *container.end_by - now;
  if (container.pre_stop) {
    if (const std::string& why = container.pre_stop->problem(); !why.empty())
      node_events_.warn(pod, "FailedPreStopHook", "PreStopHook failed: " + why, field_of(view.name));
    container.end_by = std::max(*container.end_by, now + least_after_hook);
  }
  container.was_asked = true;
  [[maybe_unused]] auto asked = runtime_.signal(id, SIGTERM);
  return *container.end_by - now;
}

namespace {

bool is_kept_by_others(const Object& pod) {
  const auto finalizers = pod.finalizers();
  return std::ranges::any_of(finalizers, [](const auto& finalizer) { return finalizer != node_finalizer; });
}

}  // namespace

Result<Outcome> PodReconciler::end(Object pod, Pod& memory) {
  const doc::Value before = std::as_const(pod).status();
  Time since = world_.clock.now();
  if (auto time = core::parse_rfc3339(pod.document()["metadata"]["deletionTimestamp"].string_or(""))) since = *time;
  const Duration grace = remaining(memory.grace, since, world_.clock.now());
  const std::vector<Declared> declared = declared_containers(pod);
  std::vector<ContainerView> views;
  for (const Declared& each : declared) {
    views.push_back(view_of(pod, each, memory.containers[each.name()]));
    views.back().will_restart = false;
  }
  std::optional<Duration> again;
  for (std::size_t i = 0; i < views.size(); ++i) {
    ContainerView& view = views[i];
    Container& container = memory.containers[view.name];
    if (view.current.state == ContainerRecord::State::starting) sooner(again, look_again_soon);
    if (view.current.state != ContainerRecord::State::running) {
      settle(container);
      continue;
    }
    const bool is_sidecar = view.role == Role::sidecar;
    if (is_sidecar && !is_next_to_leave(views, view)) {
      sooner(again, std::max(grace, look_again_soon));
    } else {
      if (!container.end_by) tell_stopping(pod, view.name);
      const Duration time = is_sidecar && !container.end_by ? std::max(grace, least_for_sidecars) : grace;
      sooner(again, ask_to_end(pod, declared[i].spec, view, container, time));
    }
    if (container.prober) view.started = view.ready = container.prober->health().ready;
  }
  if (again) {
    TRY(write_status(pod, before, views));
    return Outcome{again};
  }
  // Who keeps the object wants to know how it ended: its Job. The records go when that is durable.
  if (is_kept_by_others(pod) && !is_finished(pod)) {
    TRY(write_status(pod, before, views));
    if (!is_finished(pod)) {  // it never ran
      pod.status().at_or_insert("phase") = "Failed";
      TRY_ASSIGN(pod, store_.update_status(std::move(pod)));
    }
  }
  Outcome outcome;
  outcome.then = [this, pod = std::move(pod)]() -> Result<> {
    TRY(runtime_.remove_pod(pod.uid()));
    TRY(volumes_.remove(pod.uid()));
    devices_.release(pod.uid());
    log::info("pods", "pod ended", {{"pod", pod.name().text()}});
    return let_go(pod);
  };
  return outcome;
}

// Nothing of it is started any more; its status says why as soon as nothing runs.
Result<Outcome> PodReconciler::end_by_verdict(Object& pod, Step& step, const Verdict& verdict,
                                              std::span<const Declared> declared, std::vector<ContainerView>& views,
                                              const doc::Value& before) {
  std::optional<Duration> again;
  for (std::size_t i = 0; i < views.size(); ++i) {
    ContainerView& view = views[i];
    Container& container = step.memory.containers[view.name];
    view.will_restart = false;
    if (view.current.state == ContainerRecord::State::starting) sooner(again, look_again_soon);
    if (view.current.state != ContainerRecord::State::running) {
      settle(container);
      continue;
    }
    if (!container.end_by) tell_stopping(pod, view.name);
    sooner(again, ask_to_end(pod, declared[i].spec, view, container, verdict.grace));
  }
  const Object told = pod;
  render_status(pod, views, world_.clock.now());
  if (!again) {
    render_verdict(pod, verdict);
    node_events_.warn(told, verdict.reason, verdict.message);
  }
  if (!(std::as_const(pod).status() == before)) TRY(store_.update_status(std::move(pod)));
  return Outcome{again};
}

// Its object may go: nothing runs any more.
Result<> PodReconciler::let_go(const Object& pod) {
  auto released = objects::modify(store_, kinds::pod, pod.name(), [&](Object& current) {
    if (current.uid() != pod.uid()) return false;
    current.remove_finalizer(node_finalizer);
    return true;
  });
  if (!released && released.error().code != Code::not_found) return fail(std::move(released).error());
  // An API server keeps a Pod that a node has until the node says that it ended.
  auto removed = store_.remove(kinds::pod, pod.name(), {.uid_precondition = pod.uid(), .grace = Duration{}});
  if (removed || removed.error().code == Code::not_found || removed.error().code == Code::conflict) return {};
  return fail(std::move(removed).error());
}

constexpr Duration look_for_node_again = std::chrono::seconds(30);

// Of a node that is not there nobody will say that the Pod has ended: it goes when its time is over.
Result<Outcome> PodReconciler::end_elsewhere(const Object& pod, const std::string& node) {
  TRY_ASSIGN(const auto other, store_.find(kinds::node, {"", node}));
  if (other) return Outcome{look_for_node_again};  // it may go later
  const auto ends = core::parse_rfc3339(pod.document()["metadata"]["deletionTimestamp"].string_or(""));
  const Time now = world_.clock.now();
  if (ends && now < *ends) return Outcome{*ends - now};
  TRY(let_go(pod));
  return Outcome{};
}

}  // namespace slipway::pods
