#include "pods/pod_reconciler.hpp"

#include <algorithm>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "core/seconds.hpp"
#include "objects/kinds.hpp"
#include "pods/environment.hpp"
#include "pods/ignored.hpp"
#include "pods/pod_step.hpp"
#include "pods/scheduling/fit.hpp"
#include "pods/sequence.hpp"

namespace slipway::pods {

using objects::Name;
using objects::Object;
using objects::Outcome;
namespace kinds = objects::kinds;

namespace {

// Where nothing is written to a disk. Each data directory has its own below it.
std::string memory_directory_of(const NodeOptions& options) {
  if (!options.memory_directory.empty()) return options.memory_directory;
  return "/dev/shm/slipway-" + core::Digest::of(options.directory).short_text();
}

Duration grace_of(const Object& pod) {
  const doc::Value& asked = pod.document()["metadata"]["deletionGracePeriodSeconds"];
  const auto seconds = asked.int_or(pod.spec()["terminationGracePeriodSeconds"].int_or(30));
  return core::capped_seconds(std::max<std::int64_t>(seconds, 0));
}

// Init containers succeed once, sidecars stay whatever their Pod does, guests come once.
RestartPolicy policy_of(RestartPolicy of_pod, Role role) {
  switch (role) {
    case Role::init:
      return of_pod == RestartPolicy::always ? RestartPolicy::on_failure : of_pod;
    case Role::sidecar:
      return RestartPolicy::always;
    case Role::main:
      return of_pod;
    case Role::guest:
      break;
  }
  return RestartPolicy::never;
}

}  // namespace

PodReconciler::PodReconciler(core::World& world, objects::Store& store, Runtime& runtime, const NodeOptions& options,
                             const NodeFile& file, std::function<void(const Name&)> look_at)
    : world_(world),
      store_(store),
      runtime_(runtime),
      options_(options),
      node_events_(world, store, "kubelet", options.name),
      addresses_(file.block),
      volumes_(world, store, *options.disk, options.issue_token, memory_directory_of(options)),
      hosts_(world, store, *options.disk),
      images_(world, options.directory + "/images"),
      devices_(world.files, options.devices),
      stopped_at_(file.stopped_at),
      started_at_(world.clock.now()),
      look_at_(std::move(look_at)),
      scheduler_(world, store, options.name, options.scheduler, look_at_),
      background_(world.background) {}

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
  if (is_finished(pod)) {
    devices_.release(memory.uid);
    TRY(volumes_.remove(memory.uid));  // its Secrets and what else is in memory
    return Outcome{};
  }
  return run(std::move(pod), memory);
}

Result<> PodReconciler::bind(Object& pod) {
  const bool is_bound = !std::as_const(pod).spec()["nodeName"].string_or("").empty();
  if (is_bound && pod.has_finalizer(node_finalizer)) return {};
  TRY_ASSIGN(pod, store_.bind(pod, options_.name, node_finalizer));
  if (!is_bound) {
    scheduler_.bound(pod);
    for (const auto& sentence : ignored_parts(pod)) node_events_.normal(pod, "Ignored", sentence);
  }
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
  view.role = declared.role;
  view.attempt = container.attempt;
  const ContainerId id{pod.uid(), view.name, container.attempt};
  view.current = runtime_.inspect(id);
  if (id.attempt > 0) view.last = runtime_.inspect({id.pod_uid, id.container, id.attempt - 1});
  const doc::Value& before = container_status(pod, view.name);
  if (view.current.state == ContainerRecord::State::absent && before["restartCount"].int_or(0) == view.attempt &&
      (before["state"]["running"].is_object() || before["state"]["terminated"].is_object())) {
    view.current.state = ContainerRecord::State::exited;
    view.current.exit = {255, 0};
    view.current.reason = "ShimLost";
    view.current.message = "it ran, but its records are gone from the node's directory";
    view.current.finished_at = started_at_;
    if (const doc::Value& ended = before["state"]["terminated"]; ended.is_object()) {  // what was told stands
      view.current.exit.code = static_cast<int>(ended["exitCode"].int_or(255));
      view.current.reason = ended["reason"].string_or("");
      view.current.message.clear();
    }
  }
  auto& current = view.current;
  if (current.has_exited() && current.reason.empty() && stopped_at_ && current.finished_at >= stopped_at_ &&
      current.finished_at <= started_at_) {
    current.reason = "NodeShutdown";
  }
  if (current.exit.signal == SIGKILL && current.reason.empty() && world_.files.exists(out_of_memory_mark(id)))
    current.reason = "OOMKilled";
  if (current.has_exited() && current.message.empty()) current.message = last_words_of(pod, declared.spec, id, current);
  if (view.last.has_exited() && view.last.message.empty())
    view.last.message = last_words_of(pod, declared.spec, {id.pod_uid, id.container, id.attempt - 1}, view.last);
  view.image_id = image_id_of(pod, declared.spec, view);
  view.will_restart = current.has_exited() && restarts(policy_of(restart_policy_of(pod), view.role), current.exit.code);
  return view;
}

Result<Outcome> PodReconciler::run(Object pod, Pod& memory) {
  const doc::Value before = std::as_const(pod).status();
  TRY_ASSIGN(std::string address, address_of(pod, memory));
  Step step{pod, memory, address};
  prepare_volumes(step);
  find_hosts(step);

  std::vector<ContainerView> views;
  const std::vector<Declared> declared = declared_containers(pod);
  for (const Declared& each : declared) views.push_back(view_of(pod, each, memory.containers[each.name()]));
  if (const auto verdict = verdict_on(step)) return end_by_verdict(pod, step, *verdict, declared, views, before);
  advance_all(step, declared, views);
  end_guests_of_finished(memory, views);
  weigh(step, declared, views);

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
  TRY(make_directories(pod));
  for (const auto& [id, what] : starts) {
    Container& container = memory.containers[id.container];
    container.attempt = id.attempt;
    container.restart_at.reset();
    settle(container);
    auto started = runtime_.start(id, what);
    container.start_problem = started ? "" : started.error().one_line();
    if (!started) return started;
    log::info("pods", "container starts",
              {{"pod", pod.name().text()}, {"container", id.container}, {"attempt", id.attempt}});
    if (id.attempt >= 2) {
      const ContainerId old{id.pod_uid, id.container, id.attempt - 2};
      [[maybe_unused]] auto removed = runtime_.remove(old);
      [[maybe_unused]] auto words =
          world_.files.remove_tree(runtime_.pod_directory(id.pod_uid) + "/" + last_words_file(old));
    }
  }
  return {};
}

// Who came to look into a Pod leaves with it.
void PodReconciler::end_guests_of_finished(const Pod& memory, std::span<const ContainerView> views) {
  const std::string phase = phase_of(views);
  if (phase != "Succeeded" && phase != "Failed") return;
  for (const auto& view : views) {
    if (view.is_guest() && view.current.state == ContainerRecord::State::running) [[maybe_unused]]
      auto killed = runtime_.signal({memory.uid, view.name, view.attempt}, SIGKILL);
  }
}

void PodReconciler::advance_all(Step& step, std::span<const Declared> declared, std::span<ContainerView> views) {
  const bool over = is_over(views);
  const bool begun = has_begun(views);
  bool is_in_turn = true;  // all before are through
  for (std::size_t i = 0; i < views.size(); ++i) {
    ContainerView& view = views[i];
    Container& container = step.memory.containers[view.name];
    tell_start(step.pod, container, view);
    const bool is_up = view.current.is_up();
    if (over && view.role == Role::sidecar) view.will_restart = false;
    const bool may_start = view.is_guest() || (!over && (is_in_turn || begun));
    const bool has_done_its_part = view.role == Role::init && begun;
    if (is_up || (may_start && !has_done_its_part)) {
      advance(step, declared[i].spec, container, view);
    } else {
      settle(container);
      if (!over) view.waiting_reason = "PodInitializing";
    }
    if (view.role == Role::init || view.role == Role::sidecar) is_in_turn = is_in_turn && is_through(view);
  }
  if (over) end_sidecars(step, declared, views);
}

// The Pod has done its work; who served it leaves, one after the other.
void PodReconciler::end_sidecars(Step& step, std::span<const Declared> declared, std::span<const ContainerView> views) {
  const ContainerView* leaving = next_to_leave(views);
  if (leaving == nullptr) return;
  if (leaving->current.state == ContainerRecord::State::starting) return sooner(step.again, look_again_soon);
  Container& container = step.memory.containers[leaving->name];
  if (!container.end_by) tell_stopping(step.pod, leaving->name);
  const doc::Value& spec = declared[static_cast<std::size_t>(leaving - views.data())].spec;
  sooner(step.again, ask_to_end(step.pod, spec, *leaving, container, step.memory.grace));
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
      settle(container);
      consider_restart(step, spec, container, view);
      break;
  }
}

void PodReconciler::watch_over(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
  if (!has_settled(step, spec, container, view)) {
    view.is_settling = container.post_start != nullptr;
    return;
  }
  if (!container.prober) {
    auto probes = parse_probes(spec, step.address);
    Health inherited;
    const doc::Value& before = container_status(step.pod, view.name);
    if (before["restartCount"].int_or(-1) == view.attempt && before["state"]["running"].is_object()) {
      inherited.started = before["started"].bool_or(false);
      inherited.ready = before["ready"].bool_or(false);
    }
    const Time now = world_.clock.now();
    const Duration age = std::max(now - view.current.started_at.value_or(now), Duration{});
    container.prober =
        std::make_unique<Prober>(world_, probes.value_or(ProbeSet{}), surroundings_of(step.pod, spec, view), inherited,
                                 age, [this, name = step.pod.name()] { look_at_(name); });
  }
  const Health& health = container.prober->health();
  view.started = health.started;
  view.ready = health.ready && health.must_end.empty();
  if (container.complained != health.complaint && !health.complaint.empty())
    node_events_.warn(step.pod, "Unhealthy", health.complaint, field_of(view.name));
  container.complained = health.complaint;
  if (health.must_end.empty()) return;
  if (!container.end_by) {
    log::warn("pods", "container must end",
              {{"pod", step.pod.name().text()}, {"container", view.name}, {"why", health.must_end}});
    const bool at_start = health.must_end.starts_with("Startup");
    node_events_.normal(
        step.pod, "Killing",
        "Container " + view.name + " failed " + (at_start ? "startup" : "liveness") + " probe, will be restarted",
        field_of(view.name));
  }
  sooner(step.again, ask_to_end(step.pod, spec, view, container, health.grace.value_or(grace_of(step.pod))));
}

void PodReconciler::consider_restart(Step& step, const doc::Value& spec, Container& container, ContainerView& view) {
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
  if (next.waiting_reason.empty()) {
    view = std::move(next);
  } else {
    view.waiting_reason = std::move(next.waiting_reason);
    view.waiting_message = std::move(next.waiting_message);
  }
}

Result<> PodReconciler::write_status(Object& pod, const doc::Value& before, const std::vector<ContainerView>& views) {
  render_status(pod, views, world_.clock.now());
  if (std::as_const(pod).status() == before) return {};
  TRY_ASSIGN(pod, store_.update_status(std::move(pod)));
  return {};
}

}  // namespace slipway::pods
