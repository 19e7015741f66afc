#include "server/mirror_pods.hpp"

#include <algorithm>
#include <array>

#include "objects/kinds.hpp"

namespace slipway::server {
namespace {

constexpr std::string_view mirror_annotation = "kubernetes.io/config.mirror";

struct Part {
  std::string_view ns, name, container, app;
};
constexpr std::array parts{
    Part{"kubeflow", "ml-pipeline", "ml-pipeline-api-server", "ml-pipeline"},
    Part{"kubeflow", "workflow-controller", "workflow-controller", "workflow-controller"},
    Part{"kubeflow", "model-registry", "model-registry", "model-registry"},
    Part{"llm-d-system", "llm-d-operator", "manager", "llm-d-operator"},
    Part{"istio-system", "istiod", "discovery", "istiod"},
};

objects::Name name_of(const Part& part, const std::string& suffix) {
  return {std::string(part.ns), std::string(part.name) + suffix};
}

objects::Object render(const Part& part, const ControlPlaneProcess& process) {
  auto pod = objects::Object::make(objects::kinds::pod, name_of(part, process.suffix));
  pod.set_label("app", part.app);
  pod.set_label("app.kubernetes.io/part-of", "slipway");
  pod.set_annotation(mirror_annotation, "slipway");
  pod.set_annotation("slipway.dev/process", std::to_string(process.pid));
  pod.spec() = doc::Object{
      {"nodeName", process.node},
      {"hostNetwork", true},
      {"containers",
       doc::Array{doc::Object{{"name", part.container}, {"image", "slipway.dev/control-plane:" + process.version}}}}};
  return pod;
}

doc::Value running_status(const objects::Object& pod, const Part& part, const ControlPlaneProcess& process,
                          std::int64_t restarts, core::Time now) {
  objects::Object next = pod;
  auto& status = next.status();
  status = doc::Object{{"phase", "Running"}, {"podIP", "127.0.0.1"}, {"hostIP", "127.0.0.1"}};
  status.at_or_insert("podIPs") = doc::Array{doc::Object{{"ip", "127.0.0.1"}}};
  status.at_or_insert("startTime") = core::render_rfc3339(now);
  status.at_or_insert("qosClass") = "BestEffort";
  for (const auto* condition : {"PodScheduled", "Initialized", "ContainersReady", "Ready"})
    next.set_condition(condition, "True", "", "", now);
  doc::Object container{{"name", part.container},
                        {"image", "slipway.dev/control-plane:" + process.version},
                        {"imageID", ""},
                        {"containerID", "slipway://" + std::to_string(process.pid)},
                        {"ready", true},
                        {"started", true},
                        {"restartCount", restarts},
                        {"state", doc::Object{{"running", doc::Object{{"startedAt", core::render_rfc3339(now)}}}}}};
  next.status().at_or_insert("containerStatuses") = doc::Array{std::move(container)};
  return next.status();
}

Result<> show(core::World& world, objects::Store& store, const Part& part, const ControlPlaneProcess& process) {
  TRY_ASSIGN(auto pod, store.find(objects::kinds::pod, name_of(part, process.suffix)));
  auto wanted = render(part, process);
  std::int64_t restarts = 0;
  if (pod) {
    const auto& before = pod->status()["containerStatuses"][std::size_t{0}];
    restarts = before["restartCount"].int_or(0);
    if (before["state"]["running"].is_object()) ++restarts;  // nobody stopped it
    wanted.document().at_or_insert("metadata").as_object().erase("creationTimestamp");
    TRY_ASSIGN(pod, store.apply(std::move(wanted)));
  } else {
    wanted.status() = running_status(wanted, part, process, restarts, world.clock.now());
    TRY_ASSIGN(pod, store.create(std::move(wanted)));
    if (pod->status()["containerStatuses"].is_array()) return {};  // a store of ours takes the status with it
  }
  pod->status() = running_status(*pod, part, process, restarts, world.clock.now());
  TRY(store.update_status(std::move(*pod)));
  return {};
}

}  // namespace

bool is_mirror_pod(const objects::Object& pod) { return !pod.annotation(mirror_annotation).empty(); }

Result<> show_mirror_pods(core::World& world, objects::Store& store, const ControlPlaneProcess& process) {
  for (const Part& part : parts) TRY(show(world, store, part, process));
  return {};
}

MirrorPods::MirrorPods(core::World& world, objects::Store& store, ControlPlaneProcess process)
    : world_(world), store_(store), process_(std::move(process)), controller_(world, store, "mirror-pods", *this) {
  controller_.reconciles(objects::kinds::pod).watches(objects::kinds::namespace_, [this](const objects::Object& space) {
    std::vector<objects::Name> names;
    for (const Part& part : parts) {
      if (part.ns == space.name().name) names.push_back(name_of(part, process_.suffix));
    }
    return names;
  });
}

Result<objects::Outcome> MirrorPods::reconcile(const objects::Name& name) {
  const auto part =
      std::ranges::find_if(parts, [&](const Part& each) { return name_of(each, process_.suffix) == name; });
  if (part == parts.end()) return objects::Outcome{};
  TRY_ASSIGN(const auto pod, store_.find(objects::kinds::pod, name));
  TRY_ASSIGN(const auto space, store_.find(objects::kinds::namespace_, {"", name.ns}));
  if (!pod && space && !space->is_being_deleted()) TRY(show(world_, store_, *part, process_));
  return objects::Outcome{};
}

Result<> stop_mirror_pods(core::World& world, objects::Store& store, const std::string& suffix) {
  const auto now = world.clock.now();
  for (const Part& part : parts) {
    auto stopped = objects::modify_status(store, objects::kinds::pod, name_of(part, suffix), [&](objects::Object& pod) {
      auto& container = pod.status().at_or_insert("containerStatuses");
      if (!container.is_array() || container.size() == 0) return false;
      auto& status = container.as_array().front();
      status.at_or_insert("ready") = false;
      status.at_or_insert("state") = doc::Object{
          {"terminated",
           doc::Object{{"exitCode", 0}, {"reason", "Completed"}, {"finishedAt", core::render_rfc3339(now)}}}};
      pod.set_condition("Ready", "False", "ContainersNotReady", "the control plane was stopped", now);
      return true;
    });
    if (!stopped && stopped.error().code != Code::not_found) return fail(std::move(stopped).error());
  }
  return {};
}

}  // namespace slipway::server
