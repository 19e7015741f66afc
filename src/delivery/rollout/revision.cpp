#include "delivery/rollout/revision.hpp"

#include "core/ids.hpp"
#include "delivery/rollout/routes.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::rollout {
using core::doc::Value;

std::string revision_hash(const Value& template_spec) {
  Value spec = template_spec;
  if (spec.is_object()) spec.as_object().erase("replicas");
  return core::short_hash(core::doc::render_json_canonical(spec));
}

std::string child_name(const std::string& rollout, const std::string& hash) {
  return core::to_dns_label(rollout + "-" + hash);
}

objects::Object make_child(const objects::Object& rollout, const objects::Object& workload, const std::string& hash) {
  const objects::Name name = rollout.name();
  auto child = objects::Object::make(objects::kinds::llm_deployment, {name.ns, child_name(name.name, hash)});
  for (const auto& [key, value] : workload.labels()) child.set_label(key, value);
  child.set_label(hash_label, hash);
  child.set_label(rollout_label, name.name);
  child.add_owner(rollout);
  child.spec() = workload.spec();
  return child;
}

Revision revision_of(const objects::Object& child) {
  Revision revision;
  revision.hash = child.label(hash_label);
  revision.version = child.spec()["model"]["version"].string_or("");
  revision.replicas = static_cast<int>(child.spec()["replicas"].int_or(1));
  const Value& status = child.status();
  const std::string phase = status["phase"].string_or("Pending");
  const bool is_observed = status["observedGeneration"].int_or(0) >= child.generation();
  revision.is_ready = phase == "Ready" && is_observed && !child.is_being_deleted();
  revision.message = status["message"].string_or("");
  if (revision.message.empty() && status["conditions"].is_array()) {
    for (const auto& condition : status["conditions"].as_array()) {
      if (condition["status"].string_or("") == "False" && revision.message.empty())
        revision.message = condition["message"].string_or("");
    }
  }
  if (revision.message.empty()) revision.message = "its phase is " + phase;
  if (auto at = core::parse_rfc3339(child.annotation(retire_annotation))) revision.retire_at = *at;
  return revision;
}

}  // namespace slipway::delivery::rollout
