#include "pods/workloads/deployment.hpp"

#include "core/ids.hpp"
#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "pods/pod_status.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

std::string template_hash(const doc::Value& pod_template) {
  return core::short_hash(doc::render_json_canonical(pod_template));
}

Result<objects::Outcome> DeploymentReconciler::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto found, store_.find(kinds::deployment, name));
  if (!found || found->is_being_deleted()) return objects::Outcome{};
  const Object& deployment = *found;
  const std::string hash = template_hash(deployment.spec()["template"]);

  objects::ListOptions options;
  options.ns = name.ns;
  TRY_ASSIGN(const auto list, store_.list(kinds::pod, options));
  std::vector<PodSeen> pods;
  for (const Object& pod : list.items) {
    if (!pod.is_owned_by(deployment)) continue;
    PodSeen seen;
    seen.name = pod.name().name;
    seen.is_current = pod.label(template_hash_label) == hash;
    seen.is_ready = pod.condition_status("Ready") == "True";
    seen.is_ending = pod.is_being_deleted();
    seen.is_finished = is_finished(pod);
    seen.created = pod.created().value_or(Time{});
    pods.push_back(std::move(seen));
  }

  const DeploymentWish wish = read_wish(deployment.spec());
  const DeploymentPlan plan = plan_deployment(wish, pods);
  for (const std::string& pod : plan.remove) {
    auto removed = store_.remove(kinds::pod, {name.ns, pod});
    if (!removed && removed.error().code != Code::not_found) return fail(std::move(removed).error());
  }
  for (int i = 0; i < plan.create; ++i) TRY(create_pod(deployment, hash));
  TRY(write_status(deployment, wish, pods));
  return objects::Outcome{};
}

Result<> DeploymentReconciler::create_pod(const Object& deployment, const std::string& hash) {
  const doc::Value& pod_template = deployment.spec()["template"];
  const objects::Name name{deployment.name().ns, deployment.name().name + "-" + hash + "-" +
                                                     core::short_hash(world_.random.hex(16)).substr(0, 5)};
  Object pod = Object::make(kinds::pod, name);
  for (const char* part : {"labels", "annotations"}) {
    const doc::Value& given = pod_template["metadata"][part];
    if (given.is_object()) pod.document().at_or_insert("metadata").at_or_insert(part) = given;
  }
  pod.set_label(template_hash_label, hash);
  pod.add_owner(deployment);
  pod.document().at_or_insert("spec") = pod_template["spec"];
  pod.spec().at_or_insert("restartPolicy") = "Always";
  TRY(store_.create(std::move(pod)));
  log::info("pods", "pod created", {{"deployment", deployment.name().text()}, {"pod", name.text()}});
  return {};
}

Result<> DeploymentReconciler::write_status(const Object& deployment, const DeploymentWish& wish,
                                            const std::vector<PodSeen>& pods) {
  int total = 0, updated = 0, ready = 0, updated_ready = 0;
  for (const auto& pod : pods) {
    if (pod.is_ending || pod.is_finished) continue;
    ++total;
    ready += pod.is_ready;
    updated += pod.is_current;
    updated_ready += pod.is_current && pod.is_ready;
  }
  Object next = deployment;
  doc::Value& status = next.status();
  status.at_or_insert("observedGeneration") = deployment.generation();
  status.at_or_insert("replicas") = total;
  status.at_or_insert("updatedReplicas") = updated;
  status.at_or_insert("readyReplicas") = ready;
  status.at_or_insert("availableReplicas") = ready;
  status.at_or_insert("unavailableReplicas") = std::max(wish.replicas - ready, 0);
  const Time now = world_.clock.now();
  const bool available = ready >= wish.replicas - wish.unavailable;
  next.set_condition("Available", available ? "True" : "False",
                     available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                     std::to_string(ready) + " of " + std::to_string(wish.replicas) + " Pods are ready", now);
  const bool complete = updated_ready == wish.replicas && total == wish.replicas;
  next.set_condition("Progressing", "True", complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                     std::to_string(updated_ready) + " of " + std::to_string(wish.replicas) +
                         " Pods of the current template are ready",
                     now);
  if (next.status() == deployment.status()) return {};
  TRY(store_.update_status(std::move(next)));
  return {};
}

}  // namespace slipway::pods::workloads
