#include "pods/node.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/node_object.hpp"
#include "pods/node_state.hpp"

namespace slipway::pods {

namespace kinds = objects::kinds;

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

namespace {

workloads::Beside beside(const NodeOptions& options) {
  if (options.only_endpoints) return workloads::Beside::cluster;
  return options.scheduler.empty() ? workloads::Beside::nobody : workloads::Beside::bare_cluster;
}

}  // namespace

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
    TRY(save_node_file(state.world.files, state.options.directory, state.file));
  }

  state.pod_controller = std::make_unique<objects::Controller>(state.world, state.store, "node", *state.pods);
  state.pod_controller->in_groups().reconciles(kinds::pod).watches(kinds::node, [&state](const objects::Object&) {
    return state.pods->unscheduled();
  });
  if (state.options.scheduler.empty()) {  // on a cluster it may look at what its Pods name, and no more
    const auto readers = [&state](const objects::Object& source) {
      return state.pods->source_changed_in(source.name().ns);
    };
    state.pod_controller->watches(kinds::config_map, readers).watches(kinds::secret, readers);
    // Affinity may select Pods by what their namespaces are called now.
    state.pod_controller->watches(kinds::namespace_,
                                  [&state](const objects::Object&) { return state.pods->unscheduled(); });
    TRY(state.claims.start());
  }
  TRY(state.pod_controller->start());
  state.registration = std::make_unique<NodeRegistration>(state.world, state.store, state.options);
  TRY(state.registration->start());
  state.disk_pressure.start();
  if (!state.options.scheduler.empty()) state.heartbeat.start();
  return state.options.workloads ? state.controllers.start(beside(state.options)) : Result<>();
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
  state.claims.stop();
  state.pod_controller.reset();
  state.registration.reset();
  auto up = state.pods ? state.pods->stop() : std::vector<Up>();
  note_stop(state.world, state.options.directory, state.file);
  state.ending = std::make_unique<Ending>(state.world, state.runtime, std::move(up), deadline, std::move(done));
}

}  // namespace slipway::pods
