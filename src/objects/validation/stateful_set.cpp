// kubernetes pkg/apis/apps/validation: StatefulSet.

#include "objects/validation/claims.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/pod.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

constexpr const char* few_fields_only =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
constexpr std::string_view changeable[] = {"replicas",
                                           "template",
                                           "updateStrategy",
                                           "minReadySeconds",
                                           "ordinals",
                                           "revisionHistoryLimit",
                                           "persistentVolumeClaimRetentionPolicy"};

void validate_update_strategy(At strategy) {
  const std::string_view type = strategy["type"].text();
  const At rolling = strategy["rollingUpdate"];
  if (type.empty()) return strategy.required();
  if (type == "OnDelete") {
    if (rolling) rolling.invalid("only allowed for updateStrategy 'RollingUpdate'");
    return;
  }
  if (type != "RollingUpdate") {
    return strategy.invalid_as(strategy_as_go(strategy), "must be 'RollingUpdate' or 'OnDelete'");
  }
  rolling["partition"].must_not_be_negative();
  const At unavailable = rolling["maxUnavailable"];
  if (!unavailable) return;
  validate_count_or_percent(unavailable);
  if (count_or_percent(unavailable) == 0) unavailable.invalid("cannot be 0");
  validate_not_above_100_percent(unavailable);
}

// The set gives each Pod its host name, its subdomain and the volumes of its claims: the template is judged with those.
doc::Value template_as_run(At spec) {
  doc::Value pods = spec["template"].value();
  if (!pods["spec"].is_object()) return pods;
  doc::Object& pod_spec = pods.at_or_insert("spec").as_object();
  pod_spec.erase("subdomain");
  pod_spec.erase("hostname");
  const At claims = spec["volumeClaimTemplates"];
  if (claims.empty()) return pods;
  doc::Array volumes;
  Names names;
  for (const At claim : claims.elements()) {
    const std::string_view name = claim["metadata"]["name"].text();
    if (!names.add(name)) continue;
    volumes.push_back(
        doc::Object{{"name", name}, {"persistentVolumeClaim", doc::Object{{"claimName", std::string(name) + "-0"}}}});
  }
  for (const At volume : spec["template"]["spec"]["volumes"].elements()) {
    if (!names.contains(volume["name"].text())) volumes.push_back(volume.value());
  }
  pod_spec.set("volumes", std::move(volumes));
  return pods;
}

bool differs_from_its_template(At spec) {
  const At pod = spec["template"]["spec"];
  return !spec["volumeClaimTemplates"].empty() || pod["hostname"] || pod["subdomain"];
}

void validate_set_spec(At spec, bool is_new) {
  const At management = spec["podManagementPolicy"];
  if (management.must_be_given() && management.text() != "OrderedReady" && management.text() != "Parallel") {
    management.invalid("must be 'OrderedReady' or 'Parallel'");
  }
  validate_update_strategy(spec["updateStrategy"]);
  if (const At policy = spec["persistentVolumeClaimRetentionPolicy"]) {
    policy["whenDeleted"].must_be_one_of({"Retain", "Delete"});
    policy["whenScaled"].must_be_one_of({"Retain", "Delete"});
  }
  if (is_new) {
    for (const At claim : spec["volumeClaimTemplates"].elements()) validate_claim_spec(claim["spec"]);
  }
  spec["replicas"].must_not_be_negative();
  spec["minReadySeconds"].must_not_be_negative();
  if (const At ordinals = spec["ordinals"]) {
    spec["ordinals.start"].with(ordinals["start"].value()).must_not_be_negative();
  }
  if (const At service = spec["serviceName"]; is_new && !service.text().empty()) service.must_be(dns1123_label);
  const At selector = spec["selector"];
  if (!selector) {
    selector.required();
  } else {
    validate_label_selector(selector);
    if (is_empty_selector(selector.value())) selector.invalid("empty selector is invalid for statefulset");
  }
  const At pods = spec["template"];
  const At labels = pods["metadata"]["labels"];
  if (!selector || (!is_empty_selector(selector.value()) && !selector_matches(selector.value(), labels.value()))) {
    labels.invalid("`selector` does not match template `labels`");
  }
  if (differs_from_its_template(spec)) {
    const doc::Value as_run = template_as_run(spec);
    Report report;
    const doc::Value holder = doc::Object{{"spec", doc::Object{{"template", as_run}}}};
    validate_pod_template(At(holder, report)["spec"]["template"]);
    for (Problem& problem : report.problems) spec.add(std::move(problem));
  } else {
    validate_pod_template(pods);
  }
  validate_runs_for_ever(pods["spec"], "StatefulSet");
}

}  // namespace

void validate_stateful_set(At object) {
  validate_metadata(object["metadata"], true, dns1123_label);
  validate_set_spec(object["spec"], true);
}

void validate_stateful_set_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_set_spec(object["spec"], false);
  doc::Value now = object["spec"].value();
  doc::Value before = old["spec"].value();
  for (doc::Value* spec : {&now, &before}) {
    if (!spec->is_object()) continue;
    for (const std::string_view field : changeable) spec->as_object().erase(field);
  }
  if (!(now == before)) object["spec"].forbidden(few_fields_only);
}

void validate_stateful_set_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At status = object["status"];
  for (const std::string_view field : {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas",
                                       "availableReplicas", "observedGeneration", "collisionCount"}) {
    status[field].must_not_be_negative();
  }
  validate_replica_counts(status, {"readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"},
                          "status.readyReplicas");
  const At collisions = status["collisionCount"];
  if (collisions.number() < old["status"]["collisionCount"].number()) {
    collisions.invalid(collisions.number(), "cannot be decremented");
  }
}

}  // namespace slipway::objects::validation
