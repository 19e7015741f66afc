#include "pods/node.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/node_object.hpp"
#include "pods/node_state.hpp"

namespace slipway::pods {

namespace kinds = objects::kinds;

namespace {
constexpr Duration look_again = std::chrono::milliseconds(50);
}

Node::Node(core::World& world, objects::Store& store, Runtime& runtime, NodeOptions options) {
  if (options.name.empty()) options.name = host_name(world);
  if (options.base_environment.empty()) {
    options.base_environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                                {"HOME", "/tmp"}};
  }
  state_ = std::make_shared<State>(world, store, runtime, std::move(options));
}

Node::~Node() { state_->runtime.on_change(nullptr); }

const std::string& Node::name() const { return state_->options.name; }

Result<> Node::start() {
  State& state = *state_;
  TRY_ASSIGN(state.file, load_node_file(state.world, state.options.directory));
  TRY_ASSIGN(const auto known, state.runtime.recover());
  state.pods = std::make_unique<PodReconciler>(state.world, state.store, state.runtime, state.options, state.file,
                                               [&state](const objects::Name& name) {
                                                 if (state.pod_controller) state.pod_controller->enqueue(name);
                                               });
  state.runtime.on_change([&state](const ContainerId& id) {
    state.pods->on_change(id);
    if (state.on_end && state.runtime.inspect(id).has_exited()) state.on_end(id);
  });
  TRY(register_node(state.world, state.store, state.options));
  TRY(state.pods->adopt(known));
  if (state.file.stopped_at) {  // it counts for what is found now, not for crashes from now on
    state.file.stopped_at.reset();
    TRY(save_node_file(state.world, state.options.directory, state.file));
  }

  state.pod_controller = std::make_unique<objects::Controller>(state.world, state.store, "node", *state.pods);
  state.pod_controller->reconciles(kinds::pod).watches(kinds::node, [&state](const objects::Object&) {
    return state.pods->unscheduled();
  });
  TRY(state.pod_controller->start());
  return state.options.workloads ? state.controllers.start() : Result<>();
}

Result<ContainerId> Node::State::find_log(const objects::Name& name, std::string container, bool previous) {
  TRY_ASSIGN(const auto pod, store.get(kinds::pod, name));
  const doc::Value& containers = pod.spec()["containers"];
  if (container.empty()) {
    if (containers.size() != 1) {
      return fail(Code::invalid_argument, "a container name must be specified for pod " + name.name);
    }
    container = containers[0]["name"].string_or("");
  }
  auto id = pods ? pods->current(pod, container) : std::nullopt;
  if (!id) return fail(Code::not_found, "container " + container + " is not of pod " + name.name);
  if (previous && --id->attempt < 0) {
    return fail(Code::invalid_argument,
                "previous terminated container \"" + container + "\" in pod \"" + name.name + "\" not found");
  }
  return *id;
}

Result<std::string> Node::read_log(const objects::Name& pod, const std::string& container, const LogQuery& query) {
  TRY_ASSIGN(const ContainerId id, state_->find_log(pod, container, query.previous));
  TRY_ASSIGN(const std::string cri, state_->runtime.read_log(id));
  return render_log(cri, query);
}

std::optional<core::ProcessIdentity> Node::process_of(const objects::Name& name, const std::string& container) {
  const auto id = state_->find_log(name, container, false);
  if (!id) return std::nullopt;
  const ContainerRecord record = state_->runtime.inspect(*id);
  return record.state == ContainerRecord::State::running ? std::optional(record.process) : std::nullopt;
}

// --- the end ---------------------------------------------------------------------------------------------------

void Node::stop_all(Duration deadline, core::Task done) {
  State& state = *state_;
  state.controllers.stop();
  state.pod_controller.reset();
  state.stopped = std::move(done);
  state.stop_began = state.world.clock.monotonic();
  state.stop_deadline = deadline;
  if (state.pods) state.ending = state.pods->stop();
  // A crash of the Pods would look the same at the next start: say before that it is our doing.
  state.file.stopped_at = state.world.clock.now();
  if (auto saved = save_node_file(state.world, state.options.directory, state.file); !saved) {
    log::warn("pods", "node.json not written", {{"error", saved.error().one_line()}});
  }
  log::info("pods", "node stops", {{"containers", state.ending.size()}});
  state.continue_stop();
}

void Node::State::continue_stop() {
  std::erase_if(ending, [&](const auto& up) { return !runtime.inspect(up.id).is_up(); });
  if (ending.empty()) {
    if (stopped) world.loop.post(std::exchange(stopped, nullptr));
    return;
  }
  const Duration passed = world.clock.monotonic() - stop_began;
  for (auto& [id, grace, was_asked] : ending) {
    if (passed >= std::min(grace, stop_deadline)) {
      [[maybe_unused]] auto killed = runtime.signal(id, SIGKILL);
    } else if (!was_asked) {
      was_asked = runtime.signal(id, SIGTERM).has_value();  // not yet, while it is only starting
    }
  }
  world.loop.after(look_again, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->continue_stop();
  });
}

}  // namespace slipway::pods
