#include "serving/plan.hpp"

#include "objects/kinds.hpp"

namespace slipway::serving {

objects::Object plan(const objects::Object& llm_deployment, const Spec& spec, const PlanInputs& inputs) {
  const auto name = llm_deployment.name();
  auto deployment = objects::Object::make(objects::kinds::deployment, name);
  deployment.add_owner(llm_deployment);

  std::map<std::string, std::string> labels{{"app", name.name}};
  if (!spec.version.empty()) labels["version"] = spec.version;
  // Its own labels win, so that a Service can select several of them; ours says whose Pods these are.
  for (const auto& [key, value] : llm_deployment.labels()) labels[key] = value;
  labels[std::string(kOwnerLabel)] = name.name;

  doc::Object template_labels;
  for (const auto& [key, value] : labels) {
    deployment.set_label(key, value);
    template_labels.set(key, value);
  }
  doc::Object template_metadata;
  template_metadata.set("labels", std::move(template_labels));
  doc::Array containers;
  containers.push_back(inputs.catalog.container(inputs.runtime, spec, inputs.weights_path));
  doc::Object pod_spec;
  pod_spec.set("containers", std::move(containers));
  pod_spec.set("automountServiceAccountToken", false);  // a model server asks the API nothing
  pod_spec.set("terminationGracePeriodSeconds", 30);
  doc::Object pod_template;
  pod_template.set("metadata", std::move(template_metadata));
  pod_template.set("spec", std::move(pod_spec));

  doc::Object match_labels{{kOwnerLabel.data(), name.name}};
  doc::Object selector;
  selector.set("matchLabels", std::move(match_labels));
  deployment.spec().at_or_insert("replicas") = spec.replicas;
  deployment.spec().at_or_insert("selector") = std::move(selector);
  deployment.spec().at_or_insert("template") = std::move(pod_template);
  return deployment;
}

}  // namespace slipway::serving
