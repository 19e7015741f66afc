// kubernetes pkg/apis/autoscaling/validation, pkg/apis/policy/validation.

#include <algorithm>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/workloads.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t hour = 3600;
constexpr std::int64_t half_an_hour = 1800;

void validate_target_reference(At reference, bool needs_group) {
  for (const std::string_view field : {"kind", "name"}) {
    if (const At text = reference[field]; text.must_be_given()) text.must_be(path_segment_name);
  }
  const At version = reference["apiVersion"];
  if (std::ranges::count(version.text(), '/') > 1) {
    version.invalid("unexpected GroupVersion string: " + std::string(version.text()));
  } else if (needs_group && version.text().find('/', 1) == std::string_view::npos) {
    version.invalid(doc::Value(version.text()), "apiVersion must specify API group");
  }
}

void validate_metric_name(At metric) {
  if (const At name = metric["name"]; name.must_be_given("must specify a metric name")) name.must_be(path_segment_name);
}

void validate_target(At target) {
  const At type = target["type"];
  type.must_be_given("must specify a metric target type");
  const std::string_view text = type.text();
  if (text != "Utilization" && text != "Value" && text != "AverageValue") {
    type.invalid(doc::Value(text), "must be either Utilization, Value, or AverageValue");
  }
  for (const std::string_view field : {"value", "averageValue"}) {
    if (const At quantity = target[field]; quantity && quantity.quantity().milli() <= 0) {
      quantity.invalid("must be positive");
    }
  }
  if (const At utilization = target["averageUtilization"]; utilization && utilization.number() < 1) {
    utilization.invalid("must be greater than 0");
  }
}

void validate_object_source(At source) {
  validate_target_reference(source["describedObject"], false);
  validate_metric_name(source["metric"]);
  const At target = source["target"];
  validate_target(target);
  if (!target["value"] && !target["averageValue"]) {
    target["averageValue"].required("must set either a target value or averageValue");
  }
}

void validate_external_source(At source) {
  validate_metric_name(source["metric"]);
  const At target = source["target"];
  validate_target(target);
  if (!target["value"] && !target["averageValue"]) {
    target["averageValue"].required("must set either a target value for metric or a per-pod target");
  }
  if (target["value"] && target["averageValue"]) {
    target["value"].forbidden("may not set both a target value for metric and a per-pod target");
  }
}

void validate_pods_source(At source) {
  validate_metric_name(source["metric"]);
  const At target = source["target"];
  validate_target(target);
  if (!target["averageValue"]) target["averageValue"].required("must specify a positive target averageValue");
}

void validate_raw_or_utilization(At target) {
  validate_target(target);
  const At utilization = target["averageUtilization"];
  const At value = target["averageValue"];
  if (!utilization && !value) utilization.required("must set either a target raw value or a target utilization");
  if (utilization && value) value.forbidden("may not set both a target raw value and a target utilization");
}

void validate_resource_source(At source) {
  source["name"].must_be_given("must specify a resource name");
  validate_raw_or_utilization(source["target"]);
}

void validate_container_source(At source) {
  source["name"].must_be_given("must specify a resource name");
  if (const At container = source["container"]; container.must_be_given("must specify a container")) {
    container.must_be(dns1123_label);
  }
  validate_raw_or_utilization(source["target"]);
}

struct Source {
  std::string_view type;
  std::string_view field;
  void (*validate)(At source);
};
constexpr Source sources[] = {{"Object", "object", validate_object_source},
                              {"External", "external", validate_external_source},
                              {"Pods", "pods", validate_pods_source},
                              {"Resource", "resource", validate_resource_source},
                              {"ContainerResource", "containerResource", validate_container_source}};

void validate_metric(At metric) {
  const At type = metric["type"];
  constexpr std::string_view types[] = {"ContainerResource", "External", "Object", "Pods", "Resource"};
  type.must_be_given("must specify a metric source type");
  const bool is_known = type.must_be_one_of(types);
  int given = 0;
  for (const Source& source : sources) {
    const At member = metric[source.field];
    if (member && ++given == 1) source.validate(member);
  }
  for (const Source& source : sources) {
    if (source.type == type.text() && !metric[source.field]) {
      metric[source.field].required("must populate information for the given metric source");
    }
  }
  if (!is_known) type.not_supported(types);
  if (given == 1) return;
  for (const Source& source : sources) {
    const At member = metric[source.field];
    if (member && source.type != type.text()) member.forbidden("must populate the given metric source only");
  }
}

void validate_scaling_rules(At rules) {
  if (!rules) return;
  if (const At window = rules["stabilizationWindowSeconds"]) {
    if (window.number() < 0) window.invalid("must be greater than or equal to zero");
    if (window.number() > hour) window.invalid("must be less than or equal to 3600");
  }
  if (const At select = rules["selectPolicy"]) select.must_be_one_of({"Disabled", "Max", "Min"});
  const At policies = rules["policies"];
  if (policies.empty()) policies.required("must specify at least one Policy");
  for (const At policy : policies.elements()) {
    policy["type"].must_be_one_of({"Percent", "Pods"});
    policy["value"].must_be_positive();
    const At period = policy["periodSeconds"];
    period.must_be_positive();
    if (period.number() > half_an_hour) period.invalid("must be less than or equal to 1800");
  }
  if (const At tolerance = rules["tolerance"]; tolerance.quantity().milli() < 0) {
    tolerance.invalid(std::string(negative_sentence));
  }
}

void validate_bounds(At spec, bool is_new) {
  const At least = spec["minReplicas"];
  const At most = spec["maxReplicas"];
  if (least && least.number() < 1) least.invalid("must be greater than or equal to 1");
  if (most.number() < 1) most.invalid(most.number(), "must be greater than 0");
  if (least && most.number() < least.number()) {
    most.invalid(most.number(), "must be greater than or equal to `minReplicas`");
  }
  const At target = spec["scaleTargetRef"];
  // The one kind of the core group that scales.
  validate_target_reference(target, is_new && target["kind"].text() != "ReplicationController");
}

void validate_spec(At spec, bool is_new) {
  validate_bounds(spec, is_new);
  const At metrics = spec["metrics"];
  bool may_be_zero = false;
  for (const At metric : metrics.elements()) {
    validate_metric(metric);
    may_be_zero = may_be_zero || metric["type"].text() == "Object" || metric["type"].text() == "External";
  }
  if (spec["minReplicas"] && spec["minReplicas"].number() == 0 && !may_be_zero) {
    metrics.forbidden("must specify at least one Object or External metric to support scaling to zero replicas");
  }
  const At behavior = spec["behavior"];
  validate_scaling_rules(behavior["scaleUp"]);
  validate_scaling_rules(behavior["scaleDown"]);
}

void validate_v1_spec(At spec, bool is_new) {
  validate_bounds(spec, is_new);
  // The server turns it into a metric before it looks.
  const At percentage = spec["targetCPUUtilizationPercentage"];
  if (percentage && percentage.number() < 1) {
    spec["metrics"][0]["resource"]["target"]["averageUtilization"].invalid(percentage.value(),
                                                                           "must be greater than 0");
  }
}

void validate_budget_spec(At spec) {
  const At available = spec["minAvailable"];
  const At unavailable = spec["maxUnavailable"];
  if (available && unavailable) spec.invalid("minAvailable and maxUnavailable cannot be both set");
  for (const At& count : {available, unavailable}) {
    if (!count) continue;
    validate_count_or_percent(count);
    if (count.value().is_string() && count_or_percent(count) > 100) count.invalid("must not be greater than 100%");
  }
  validate_label_selector(spec["selector"]);
  if (const At policy = spec["unhealthyPodEvictionPolicy"]) policy.must_be_one_of({"AlwaysAllow", "IfHealthyBudget"});
}

}  // namespace

void validate_autoscaler(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_spec(object["spec"], true);
}

void validate_autoscaler_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_spec(object["spec"], false);
}

void validate_autoscaler_v1(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_v1_spec(object["spec"], true);
}

void validate_autoscaler_v1_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_v1_spec(object["spec"], false);
}

void validate_autoscaler_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["status"]["currentReplicas"].must_not_be_negative();
  object["status"]["desiredReplicas"].must_not_be_negative();
}

void validate_disruption_budget(At object) {
  validate_budget_spec(object["spec"]);
  validate_metadata(object["metadata"], true, path_segment_name);
}

void validate_disruption_budget_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_budget_spec(object["spec"]);
}

void validate_disruption_budget_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  for (const std::string_view field : {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"}) {
    object["status"][field].must_not_be_negative();
  }
}

}  // namespace slipway::objects::validation
