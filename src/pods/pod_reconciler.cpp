#include "pods/pod_reconciler.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "core/seconds.hpp"
#include "objects/kinds.hpp"
#include "pods/environment.hpp"
#include "pods/scheduling/fit.hpp"

namespace slipway::pods {

using objects::Name;
using objects::Object;
using objects::Outcome;
namespace kinds = objects::kinds;

namespace {

constexpr Duration look_again_soon = std::chrono::milliseconds(100);
constexpr Duration after_sigkill = std::chrono::seconds(1);
constexpr Duration look_for_sources_again = std::chrono::seconds(5);  // a ConfigMap or Secret that is not there

void sooner(std::optional<Duration>& again, Duration after) { again = again ? std::min(*again, after) : after; }

std::string field_of(const std::string& container) { return "spec.containers{" + container + "}"; }

Duration grace_of(const Object& pod) {
  const doc::Value& asked = pod.document()["metadata"]["deletionGracePeriodSeconds"];
  const auto seconds = asked.int_or(pod.spec()["terminationGracePeriodSeconds"].int_or(30));
  return core::capped_seconds(std::max<std::int64_t>(seconds, 0));
}

}  // namespace

struct PodReconciler::Step {
  const Object& pod;
  Pod& memory;
  std::string address;
  RestartPolicy policy;
  std::string refused = {};        // why nothing of it can be started
  std::vector<Start> starts = {};  // after the status is durable
  std::optional<Duration> again = {};
};

PodReconciler::PodReconciler(core::World& world, objects::Store& store, Runtime& runtime, const NodeOptions& options,
                             const NodeFile& file, std::function<void(const Name&)> look_at)
    : world_(world),
      store_(store),
      runtime_(runtime),
      options_(options),
      node_events_(world, store, "kubelet", options.name),
      addresses_(file.block),
      stopped_at_(file.stopped_at),
      started_at_(world.clock.now()),
      look_at_(std::move(look_at)),
      scheduler_(world, store, options.name, options.scheduler, look_at_) {}

PodReconciler::~PodReconciler() {
  if (sweep_ != 0) world_.loop.cancel(sweep_);
}

Result<Outcome> PodReconciler::reconcile(const Name& name) {
  if (stopping_) return Outcome{};
  TRY_ASSIGN(auto found, store_.find(kinds::pod, name));
  if (!found) {
    scheduler_.forget(name);
    forget(name);
    return Outcome{};
  }
  Object pod = std::move(*found);
  scheduler_.note(pod);
  const std::string node = pod.spec()["nodeName"].string_or("");
  if (!node.empty() && node != options_.name) return pod.is_being_deleted() ? end_elsewhere(pod, node) : Outcome{};
  // Somebody else's process, shown as a Pod.
  if (!pod.annotation("kubernetes.io/config.mirror").empty()) {
    if (pod.is_being_deleted()) TRY(let_go(pod));
    return Outcome{};
  }
  // A cluster's scheduler may bind to any node what tolerates everything; that is meant for machines with images.
  if (!options_.scheduler.empty() && !scheduling::names_scheduler(pod, options_.scheduler)) return Outcome{};
  if (node.empty() && pod.finalizers().empty() && pod.is_being_deleted()) return Outcome{};
  if (node.empty() && !pod.is_being_deleted()) {
    TRY_ASSIGN(const bool fits, scheduler_.admit(pod));
    if (!fits) return Outcome{};
  }
  Pod& memory = remembered(pod);
  memory.grace = grace_of(pod);
  if (pod.is_being_deleted()) return end(std::move(pod), memory);
  TRY(bind(pod));
  if (is_finished(pod)) return Outcome{};
  return run(std::move(pod), memory);
}

Result<> PodReconciler::bind(Object& pod) {
  const bool is_bound = !std::as_const(pod).spec()["nodeName"].string_or("").empty();
  if (is_bound && pod.has_finalizer(node_finalizer)) return {};
  TRY_ASSIGN(pod, store_.bind(pod, options_.name, node_finalizer));
  if (!is_bound) scheduler_.bound(pod);
  return {};
}

Result<std::string> PodReconciler::address_of(const Object& pod, Pod& memory) {
  if (pod.spec()["hostNetwork"].bool_or(false)) return std::string("127.0.0.1");
  if (memory.address.empty()) {
    TRY_ASSIGN(memory.address, addresses_.take());
  }
  return memory.address;
}

ContainerView PodReconciler::view_of(const Object& pod, const Declared& declared, const Container& container) const {
  ContainerView view;
  view.name = declared.name();
  view.image = declared.spec["image"].string_or("");
  view.is_ephemeral = declared.is_ephemeral;
  view.attempt = container.attempt;
  ContainerId id{pod.uid(), view.name, container.attempt};
  view.current = runtime_.inspect(id);
  if (id.attempt > 0) {
    --id.attempt;
    view.last = runtime_.inspect(id);
  }
  const doc::Value& before = container_status(pod, view.name);
  if (view.current.state == ContainerRecord::State::absent && before["restartCount"].int_or(0) == view.attempt &&
      (before["state"]["running"].is_object() || before["state"]["terminated"].is_object())) {
    view.current.state = ContainerRecord::State::exited;
    view.current.exit = {255, 0};
    view.current.reason = "ShimLost";
    view.current.message = "it ran, but its records are gone from the node's directory";
    view.current.finished_at = started_at_;
  }
  auto& current = view.current;
  if (current.has_exited() && current.reason.empty() && stopped_at_ && current.finished_at >= stopped_at_ &&
      current.finished_at <= started_at_) {
    current.reason = "NodeShutdown";
  }
  return view;
}

Result<Outcome> PodReconciler::run(Object pod, Pod& memory) {
  const doc::Value before = std::as_const(pod).status();
  TRY_ASSIGN(std::string address, address_of(pod, memory));
  Step step{pod, memory, address, restart_policy_of(pod)};
  if (const std::string field = unsupported_field(pod); !field.empty()) step.refused = field + " is not supported yet";

  std::vector<ContainerView> views;
  for (const Declared& declared : declared_containers(pod)) {
    Container& container = memory.containers[declared.name()];
    ContainerView view = view_of(pod, declared, container);
    advance(step, declared.spec, container, view);
    views.push_back(std::move(view));
  }
  end_guests_of_finished(memory, views);

  // Commit, then act: the address and the attempt are durable before anything is spawned.
  Outcome outcome{step.again};
  pod.status().at_or_insert("podIP") = address;
  pod.status().at_or_insert("podIPs") = doc::Array{doc::Object{{"ip", address}}};
  pod.status().at_or_insert("hostIP") = "127.0.0.1";
  if (pod.status()["startTime"].is_null()) {
    pod.status().at_or_insert("startTime") = core::render_rfc3339(world_.clock.now());
  }
  std::vector<Start> starts = std::move(step.starts);
  TRY(write_status(pod, before, views));
  if (!starts.empty())
    outcome.then = [this, pod = std::move(pod), starts = std::move(starts)] { return start_all(pod, starts); };
  return outcome;
}

Result<> PodReconciler::start_all(const Object& pod, std::span<const Start> starts) {
  Pod& memory = remembered(pod);
  for (const auto& [id, what] : starts) {
    Container& container = memory.containers[id.container];
    container.attempt = id.attempt;
    container.restart_at.reset();
    container.end_by.reset();
    auto started = runtime_.start(id, what);
    container.start_problem = started ? "" : started.error().one_line();
    if (!started) return started;
    node_events_.normal(pod, "Started", "Started container " + id.container, field_of(id.container));
    log::info("pods", "container starts",
              {{"pod", pod.name().text()}, {"container", id.container}, {"attempt", id.attempt}});
    if (id.attempt >= 2) {
      [[maybe_unused]] auto removed = runtime_.remove({id.pod_uid, id.container, id.attempt - 2});
    }
  }
  return {};
}

// Who came to look into a Pod leaves with it.
void PodReconciler::end_guests_of_finished(const Pod& memory, std::span<const ContainerView> views) {
  const auto guests = std::ranges::find_if(views, &ContainerView::is_ephemeral);
  const std::string phase = phase_of(std::span(views.begin(), guests));
  if (phase != "Succeeded" && phase != "Failed") return;
  for (const auto& view : std::span(guests, views.end())) {
    if (view.current.state == ContainerRecord::State::running) [[maybe_unused]]
      auto killed = runtime_.signal({memory.uid, view.name, view.attempt}, SIGKILL);
  }
}

void PodReconciler::advance(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  switch (view.current.state) {
    case ContainerRecord::State::absent:
      plan_start(step, spec, container, view);
      if (!container.start_problem.empty()) {
        view.waiting_reason = "RunContainerError";
        view.waiting_message = container.start_problem;
      }
      break;
    case ContainerRecord::State::starting:
      break;
    case ContainerRecord::State::running:
      watch_over(step, spec, container, view);
      break;
    case ContainerRecord::State::exited:
      container.prober.reset();
      container.end_by.reset();
      consider_restart(step, spec, container, view);
      break;
  }
}

void PodReconciler::plan_start(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  auto what = container_start(step.pod, spec, step.address, options_.base_environment, sources_in(store_));
  auto probes = parse_probes(spec, step.address);
  std::string problem = step.refused;
  if (problem.empty() && !what) problem = what.error().one_line();
  if (problem.empty() && !probes) problem = probes.error().one_line();
  if (!problem.empty()) {
    view.waiting_reason = "CreateContainerConfigError";
    view.waiting_message = problem;
    if (container.told != problem) node_events_.warn(step.pod, "Failed", "Error: " + problem, field_of(view.name));
    container.told = problem;
    if (!what && what.error().code == Code::not_found) sooner(step.again, look_for_sources_again);
    return;
  }
  step.starts.push_back({{step.memory.uid, view.name, view.attempt}, std::move(*what)});
}

void PodReconciler::watch_over(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  if (!container.prober) {
    auto what =
        container_start(step.pod, spec, step.address, options_.base_environment, sources_in(store_), Absent::left_out);
    auto probes = parse_probes(spec, step.address);
    Health inherited;
    const doc::Value& before = container_status(step.pod, view.name);
    if (before["restartCount"].int_or(-1) == view.attempt && before["state"]["running"].is_object()) {
      inherited.started = before["started"].bool_or(false);
      inherited.ready = before["ready"].bool_or(false);
    }
    const Time now = world_.clock.now();
    const Duration age = std::max(now - view.current.started_at.value_or(now), Duration{});
    container.prober = std::make_unique<Prober>(world_, probes.value_or(ProbeSet{}), what.value_or(ContainerStart{}),
                                                inherited, age, [this, name = step.pod.name()] { look_at_(name); });
  }
  const Health& health = container.prober->health();
  view.started = health.started;
  view.ready = health.ready && health.must_end.empty();
  if (health.must_end.empty()) return;
  if (!container.end_by) {
    log::warn("pods", "container must end",
              {{"pod", step.pod.name().text()}, {"container", view.name}, {"why", health.must_end}});
    node_events_.warn(step.pod, "Unhealthy", health.must_end, field_of(view.name));
    node_events_.normal(step.pod, "Killing", "Container " + view.name + " will be restarted", field_of(view.name));
  }
  sooner(step.again, ask_to_end({step.memory.uid, view.name, view.attempt}, container, grace_of(step.pod)));
}

void PodReconciler::consider_restart(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  view.will_restart = !view.is_ephemeral && restarts(step.policy, view.current.exit.code);
  if (!view.will_restart) return;
  const Instant now = world_.clock.monotonic();
  if (!container.restart_at) {
    if (options_.backoff.forgives(view.current)) container.forgiven = container.attempt;
    const Duration delay = options_.backoff.delay(container.attempt - container.forgiven);
    container.restart_at = now + remaining(delay, view.current.finished_at.value_or(Time{}), world_.clock.now());
    if (now < *container.restart_at) {
      const Name name = step.pod.name();
      node_events_.warn(step.pod, "BackOff",
                        "Back-off restarting failed container " + view.name + " in pod " + name.name + "_" + name.ns +
                            "(" + step.memory.uid + ")",
                        field_of(view.name));
    }
  }
  if (now < *container.restart_at) {
    view.waiting_reason = "CrashLoopBackOff";
    view.waiting_message = "back-off " +
                           core::render_go_duration(options_.backoff.delay(container.attempt - container.forgiven)) +
                           " restarting failed container=" + view.name + " pod=" + step.pod.name().name;
    sooner(step.again, *container.restart_at - now);
    return;
  }
  ContainerView next = view;
  next.attempt = view.attempt + 1;
  next.last = view.current;
  next.current = {};
  next.will_restart = false;
  plan_start(step, spec, container, next);
  if (next.waiting_reason.empty()) view = std::move(next);
}

// SIGTERM once, SIGKILL when the time is over. Returns when to look again.
Duration PodReconciler::ask_to_end(const ContainerId& id, Container& container, Duration grace) {
  const Instant now = world_.clock.monotonic();
  const bool first = !container.end_by;
  container.end_by = first ? now + grace : std::min(*container.end_by, now + grace);
  if (now >= *container.end_by) {
    [[maybe_unused]] auto killed = runtime_.signal(id, SIGKILL);
    return after_sigkill;
  }
  if (first) [[maybe_unused]]
    auto asked = runtime_.signal(id, SIGTERM);
  return *container.end_by - now;
}

Result<Outcome> PodReconciler::end(Object pod, Pod& memory) {
  const doc::Value before = std::as_const(pod).status();
  Time since = world_.clock.now();
  if (auto time = core::parse_rfc3339(pod.document()["metadata"]["deletionTimestamp"].string_or(""))) since = *time;
  const Duration grace = remaining(memory.grace, since, world_.clock.now());
  std::vector<ContainerView> views;
  std::optional<Duration> again;
  for (const Declared& declared : declared_containers(pod)) {
    Container& container = memory.containers[declared.name()];
    ContainerView view = view_of(pod, declared, container);
    const ContainerId id{memory.uid, view.name, view.attempt};
    if (view.current.state == ContainerRecord::State::starting) sooner(again, look_again_soon);
    if (view.current.state == ContainerRecord::State::running) {
      if (!container.end_by)
        node_events_.normal(pod, "Killing", "Stopping container " + view.name, field_of(view.name));
      sooner(again, ask_to_end(id, container, grace));
      if (container.prober) view.started = view.ready = container.prober->health().ready;
    } else {
      container.prober.reset();
    }
    views.push_back(std::move(view));
  }
  if (again) {
    TRY(write_status(pod, before, views));
    return Outcome{again};
  }
  // Who keeps the object wants to know how it ended: its Job.
  if (std::as_const(pod).finalizers().size() > 1) TRY(write_status(pod, before, views));
  TRY(runtime_.remove_pod(memory.uid));
  log::info("pods", "pod ended", {{"pod", pod.name().text()}});
  TRY(let_go(pod));
  return Outcome{};
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

// Of a node that is not there nobody will say that the Pod has ended: it goes when its time is over.
Result<Outcome> PodReconciler::end_elsewhere(const Object& pod, const std::string& node) {
  TRY_ASSIGN(const auto other, store_.find(kinds::node, {"", node}));
  if (other) return Outcome{};
  const auto ends = core::parse_rfc3339(pod.document()["metadata"]["deletionTimestamp"].string_or(""));
  const Time now = world_.clock.now();
  if (ends && now < *ends) return Outcome{*ends - now};
  TRY(let_go(pod));
  return Outcome{};
}

Result<> PodReconciler::write_status(Object& pod, const doc::Value& before, const std::vector<ContainerView>& views) {
  render_status(pod, views, world_.clock.now());
  if (std::as_const(pod).status() == before) return {};
  TRY_ASSIGN(pod, store_.update_status(std::move(pod)));
  return {};
}

}  // namespace slipway::pods
