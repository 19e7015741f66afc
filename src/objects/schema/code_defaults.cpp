// What stands in Kubernetes 1.34's pkg/apis/*/v1/defaults.go, for the kinds of the table.

#include "objects/schema/code_defaults.hpp"

#include "core/digest.hpp"
#include "core/regex.hpp"
#include "core/text.hpp"

namespace slipway::objects::schema {

namespace {

constexpr ConstantDefaults constants[] = {
    {"io.k8s.api.core.v1.PodSpec",
     R"({"dnsPolicy":"ClusterFirst","restartPolicy":"Always","securityContext":{},"terminationGracePeriodSeconds":30,
         "schedulerName":"default-scheduler"})"},
    {"io.k8s.api.core.v1.Container",
     R"({"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"})"},
    {"io.k8s.api.core.v1.EphemeralContainer",
     R"({"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"})"},
    {"io.k8s.api.core.v1.Probe",
     R"({"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3})"},
    {"io.k8s.api.core.v1.HTTPGetAction", R"({"path":"/","scheme":"HTTP"})"},
    {"io.k8s.api.core.v1.GRPCAction", R"({"service":""})"},
    {"io.k8s.api.core.v1.SecretVolumeSource", R"({"defaultMode":420})"},
    {"io.k8s.api.core.v1.ConfigMapVolumeSource", R"({"defaultMode":420})"},
    {"io.k8s.api.core.v1.DownwardAPIVolumeSource", R"({"defaultMode":420})"},
    {"io.k8s.api.core.v1.ProjectedVolumeSource", R"({"defaultMode":420})"},
    {"io.k8s.api.core.v1.ServiceAccountTokenProjection", R"({"expirationSeconds":3600})"},
    {"io.k8s.api.core.v1.HostPathVolumeSource", R"({"type":""})"},
    {"io.k8s.api.core.v1.ObjectFieldSelector", R"({"apiVersion":"v1"})"},
    {"io.k8s.api.core.v1.Secret", R"({"type":"Opaque"})"},
    {"io.k8s.api.core.v1.EndpointPort", R"({"protocol":"TCP"})"},
    {"io.k8s.api.core.v1.PersistentVolumeSpec",
     R"({"persistentVolumeReclaimPolicy":"Retain","volumeMode":"Filesystem"})"},
    {"io.k8s.api.core.v1.PersistentVolumeClaimSpec", R"({"volumeMode":"Filesystem"})"},
    {"io.k8s.api.apps.v1.DeploymentSpec",
     R"({"replicas":1,"revisionHistoryLimit":10,"progressDeadlineSeconds":600,"strategy":{}})"},
    {"io.k8s.api.apps.v1.ReplicaSetSpec", R"({"replicas":1})"},
    {"io.k8s.api.apps.v1.StatefulSetSpec",
     R"({"replicas":1,"revisionHistoryLimit":10,"podManagementPolicy":"OrderedReady","updateStrategy":{},
         "persistentVolumeClaimRetentionPolicy":{}})"},
    {"io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
     R"({"whenDeleted":"Retain","whenScaled":"Retain"})"},
    {"io.k8s.api.apps.v1.DaemonSetSpec", R"({"revisionHistoryLimit":10,"updateStrategy":{}})"},
    {"io.k8s.api.batch.v1.CronJobSpec",
     R"({"concurrencyPolicy":"Allow","suspend":false,"successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1})"},
    {"io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern", R"({"status":"True"})"},
    {"io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec",
     R"({"minReplicas":1,"targetCPUUtilizationPercentage":80})"},
    {"io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec",
     R"({"minReplicas":1,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization",
         "averageUtilization":80}}}]})"},
    {"io.k8s.api.networking.v1.NetworkPolicyPort", R"({"protocol":"TCP"})"},
    {"io.k8s.api.networking.v1.IngressClassParametersReference", R"({"scope":"Cluster"})"},
    {"io.k8s.api.storage.v1.StorageClass", R"({"reclaimPolicy":"Delete","volumeBindingMode":"Immediate"})"},
    {"io.k8s.api.storage.v1.CSIDriverSpec",
     R"({"attachRequired":true,"podInfoOnMount":false,"storageCapacity":false,"fsGroupPolicy":"ReadWriteOnceWithFSType",
         "volumeLifecycleModes":["Persistent"],"requiresRepublish":false,"seLinuxMount":false})"},
    {"io.k8s.api.flowcontrol.v1.ExemptPriorityLevelConfiguration",
     R"({"nominalConcurrencyShares":0,"lendablePercent":0})"},
    {"io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration",
     R"({"nominalConcurrencyShares":30,"lendablePercent":0})"},
    {"io.k8s.api.scheduling.v1.PriorityClass", R"({"preemptionPolicy":"PreemptLowerPriority"})"},
    {"io.k8s.api.rbac.v1.RoleRef", R"({"apiGroup":"rbac.authorization.k8s.io"})"},
    {"io.k8s.api.discovery.v1.EndpointPort", R"({"name":"","protocol":"TCP"})"},
    {"io.k8s.api.authentication.v1.TokenRequestSpec", R"({"expirationSeconds":3600})"},
    {"io.k8s.api.admissionregistration.v1.ValidatingWebhook",
     R"({"failurePolicy":"Fail","matchPolicy":"Equivalent","namespaceSelector":{},"objectSelector":{},
         "timeoutSeconds":10})"},
    {"io.k8s.api.admissionregistration.v1.MutatingWebhook",
     R"({"failurePolicy":"Fail","matchPolicy":"Equivalent","namespaceSelector":{},"objectSelector":{},
         "timeoutSeconds":10,"reinvocationPolicy":"Never"})"},
    {"io.k8s.api.admissionregistration.v1.RuleWithOperations", R"({"scope":"*"})"},
    {"io.k8s.api.admissionregistration.v1.NamedRuleWithOperations", R"({"scope":"*"})"},
    {"io.k8s.api.admissionregistration.v1.ServiceReference", R"({"port":443})"},
    {"io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec", R"({"failurePolicy":"Fail"})"},
    {"io.k8s.api.admissionregistration.v1.MatchResources",
     R"({"matchPolicy":"Equivalent","namespaceSelector":{},"objectSelector":{}})"},
    {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference", R"({"port":443})"},
    {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec",
     R"({"conversion":{"strategy":"None"}})"},
    {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference", R"({"port":443})"},
};

// --- computed --------------------------------------------------------------------------------------------------

bool is_given(const doc::Object& object, std::string_view key) {
  const doc::Value* value = object.find(key);
  return value && !value->is_null() && !(value->is_string() && value->as_string().empty());
}

void give(doc::Object& object, std::string_view key, doc::Value value) {
  if (!is_given(object, key)) object.set(key, std::move(value));
}

std::string text(const doc::Object& object, std::string_view key) {
  const doc::Value* value = object.find(key);
  return value && value->is_string() ? value->as_string() : std::string();
}

// The member, made an object where it is not.
doc::Object& object_in(doc::Object& parent, std::string_view key) {
  doc::Value& value = parent[key];
  if (!value.is_object()) value = doc::Object();
  return value.as_object();
}

template <class Each>
void for_each_object(doc::Object& parent, std::string_view list, Each each) {
  doc::Value* value = parent.find(list);
  if (!value || !value->is_array()) return;
  for (doc::Value& element : value->as_array()) {
    if (element.is_object()) each(element.as_object());
  }
}

// Members of `from` that `to` does not have.
void complete(doc::Object& to, const doc::Value& from) {
  if (!from.is_object()) return;
  for (const auto& [key, value] : from.as_object()) {
    if (!to.contains(key)) to.set(key, value);
  }
}

// The grammar of references to images (distribution/reference).
bool is_image(std::string_view text) {
  static const auto grammar =
      core::Regex::parse(R"((?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?/)?)"
                         R"([a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*)"
                         R"((?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,})?)");
  return grammar && (*grammar)->matches(text);
}

void container(doc::Object& object) { give(object, "imagePullPolicy", image_pull_policy(text(object, "image"))); }

void volume(doc::Object& object) {
  if (object.size() == (object.contains("name") ? 1u : 0u)) object.set("emptyDir", doc::Object());
}

void pod(doc::Object& object) {
  doc::Value* spec_value = object.find("spec");
  if (!spec_value || !spec_value->is_object()) return;
  doc::Object& spec = spec_value->as_object();
  give(spec, "enableServiceLinks", true);
  const doc::Value* host_network = spec.find("hostNetwork");
  const bool on_host = host_network && host_network->bool_or(false);
  for (const std::string_view list : {"containers", "initContainers"}) {
    for_each_object(spec, list, [on_host](doc::Object& one) {
      const doc::Value* resources = one.find("resources");
      if (resources && (*resources)["limits"].is_object()) {
        const doc::Value limits = (*resources)["limits"];
        complete(object_in(object_in(one, "resources"), "requests"), limits);
      }
      if (!on_host) return;
      for_each_object(one, "ports", [](doc::Object& port) {
        const doc::Value* given = port.find("hostPort");
        const doc::Value* inside = port.find("containerPort");
        if (inside && (!given || given->int_or(0) == 0)) port.set("hostPort", doc::Value(*inside));
      });
    });
  }
}

// Two names of one thing.
void pod_spec(doc::Object& spec) {
  const std::string name = text(spec, "serviceAccountName");
  const std::string old_name = text(spec, "serviceAccount");
  if (!name.empty()) spec.set("serviceAccount", name);
  if (name.empty() && !old_name.empty()) spec.set("serviceAccountName", old_name);
}

void service_spec(doc::Object& spec) {
  give(spec, "sessionAffinity", "None");
  give(spec, "type", "ClusterIP");
  if (text(spec, "sessionAffinity") == "None") spec.erase("sessionAffinityConfig");
  if (text(spec, "sessionAffinity") == "ClientIP")
    give(object_in(object_in(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800);
  for_each_object(spec, "ports", [](doc::Object& port) {
    const doc::Value* target = port.find("targetPort");
    const doc::Value* own = port.find("port");
    const bool open = !is_given(port, "targetPort") || (target->is_int() && target->as_int() == 0);
    if (open && own) port.set("targetPort", doc::Value(*own));
  });
  const std::string type = text(spec, "type");
  const doc::Value* external_ips = spec.find("externalIPs");
  const bool external =
      type == "LoadBalancer" || type == "NodePort" || (type == "ClusterIP" && external_ips && external_ips->size() > 0);
  if (external) give(spec, "externalTrafficPolicy", "Cluster");
  if (type != "ExternalName") give(spec, "internalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") give(spec, "allocateLoadBalancerNodePorts", true);
}

void namespace_(doc::Object& object) {
  give(object_in(object, "status"), "phase", "Active");
  doc::Value* metadata = object.find("metadata");
  if (!metadata || !metadata->is_object()) return;
  const std::string name = text(metadata->as_object(), "name");
  if (!name.empty()) object_in(metadata->as_object(), "labels").set("kubernetes.io/metadata.name", name);
}

void node_status(doc::Object& status) {
  const doc::Value* capacity = status.find("capacity");
  if (capacity && capacity->is_object() && !is_given(status, "allocatable"))
    status.set("allocatable", doc::Value(*capacity));
}

// stringData is for writing only: it ends in data.
void secret(doc::Object& object) {
  const doc::Value* given = object.find("stringData");
  if (!given) return;
  const doc::Value texts = *given;
  object.erase("stringData");
  if (!texts.is_object() || texts.as_object().empty()) return;
  doc::Object& data = object_in(object, "data");
  for (const auto& [key, value] : texts.as_object()) data.set(key, core::base64(value.string_or("")));
}

void pending(doc::Object& object) { give(object_in(object, "status"), "phase", "Pending"); }

void limit_range_item(doc::Object& item) {
  if (text(item, "type") != "Container") return;
  const auto limits = [&item](std::string_view key) { return item.contains(key) ? *item.find(key) : doc::Value(); };
  if (doc::Value max = limits("max"); max.size() > 0) complete(object_in(item, "default"), max);
  if (doc::Value all = limits("default"); all.size() > 0) complete(object_in(item, "defaultRequest"), all);
  if (doc::Value min = limits("min"); min.size() > 0) complete(object_in(item, "defaultRequest"), min);
}

void deployment_strategy(doc::Object& strategy) {
  give(strategy, "type", "RollingUpdate");
  if (text(strategy, "type") != "RollingUpdate") return;
  doc::Object& rolling = object_in(strategy, "rollingUpdate");
  give(rolling, "maxUnavailable", "25%");
  give(rolling, "maxSurge", "25%");
}

void daemon_set_strategy(doc::Object& strategy) {
  give(strategy, "type", "RollingUpdate");
  if (text(strategy, "type") != "RollingUpdate") return;
  doc::Object& rolling = object_in(strategy, "rollingUpdate");
  give(rolling, "maxUnavailable", 1);
  give(rolling, "maxSurge", 0);
}

void stateful_set_strategy(doc::Object& strategy) {
  if (!is_given(strategy, "type")) {
    strategy.set("type", "RollingUpdate");
    object_in(strategy, "rollingUpdate");
  }
  if (text(strategy, "type") == "RollingUpdate" && is_given(strategy, "rollingUpdate"))
    give(object_in(strategy, "rollingUpdate"), "partition", 0);
}

void stateful_set_spec(doc::Object& spec) {
  for_each_object(spec, "volumeClaimTemplates", [](doc::Object& claim) {
    give(claim, "apiVersion", "v1");
    give(claim, "kind", "PersistentVolumeClaim");
  });
}

void job_spec(doc::Object& spec) {
  if (!is_given(spec, "completions") && !is_given(spec, "parallelism")) spec.set("completions", 1);
  give(spec, "parallelism", 1);
  give(spec, "backoffLimit", is_given(spec, "backoffLimitPerIndex") ? 2147483647 : 6);
  give(spec, "completionMode", "NonIndexed");
  give(spec, "suspend", false);
  give(spec, "podReplacementPolicy", is_given(spec, "podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
  give(spec, "manualSelector", false);
}

// The labels of a template, where there are none.
void give_labels(doc::Object& parent, std::string_view key, const doc::Value& labels) {
  if (const doc::Value* own = parent.find(key); !own || own->size() == 0) parent.set(key, labels);
}

// A job of its own; the one in a CronJob's template gets its defaults when it is made.
void job(doc::Object& object) {
  doc::Value* spec = object.find("spec");
  if (!spec || !spec->is_object()) return;
  job_spec(spec->as_object());
  const doc::Value labels = (*spec)["template"]["metadata"]["labels"];
  if (labels.size() > 0) give_labels(object_in(object, "metadata"), "labels", labels);
}

void replication_controller(doc::Object& object) {
  doc::Value* spec = object.find("spec");
  if (!spec || !spec->is_object()) return;
  const doc::Value labels = std::as_const(*spec)["template"]["metadata"]["labels"];
  if (labels.size() == 0) return;
  give_labels(spec->as_object(), "selector", labels);
  give_labels(object_in(object, "metadata"), "labels", labels);
}

// A zero is none.
void give_number(doc::Object& object, std::string_view key, int value) {
  const doc::Value* given = object.find(key);
  if (!given || given->int_or(0) == 0) object.set(key, value);
}

void flow_schema_spec(doc::Object& spec) { give_number(spec, "matchingPrecedence", 1000); }

void queuing(doc::Object& queuing) {
  give_number(queuing, "queues", 64);
  give_number(queuing, "handSize", 8);
  give_number(queuing, "queueLengthLimit", 50);
}

void device_request(doc::Object& request) {
  give(request, "allocationMode", "ExactCount");
  if (text(request, "allocationMode") == "ExactCount") give(request, "count", 1);
}

void scaling_rules(doc::Object& behavior) {
  doc::Object& up = object_in(behavior, "scaleUp");
  give(up, "stabilizationWindowSeconds", 0);
  give(up, "selectPolicy", "Max");
  const auto policy = [](std::string_view type, int value) {
    return doc::Object{{"type", type}, {"value", value}, {"periodSeconds", 15}};
  };
  give(up, "policies", doc::Array{policy("Pods", 4), policy("Percent", 100)});
  doc::Object& down = object_in(behavior, "scaleDown");
  give(down, "selectPolicy", "Max");
  give(down, "policies", doc::Array{policy("Percent", 100)});
}

void network_policy_spec(doc::Object& spec) {
  const doc::Value* types = spec.find("policyTypes");
  if (types && types->size() > 0) return;
  doc::Array all{"Ingress"};
  const doc::Value* egress = spec.find("egress");
  if (egress && egress->size() > 0) all.emplace_back("Egress");
  spec.set("policyTypes", std::move(all));
}

void subject(doc::Object& object) {
  const std::string kind = text(object, "kind");
  if (kind == "User" || kind == "Group") give(object, "apiGroup", "rbac.authorization.k8s.io");
}

void custom_resource_names(doc::Object& names) {
  const std::string kind = text(names, "kind");
  if (kind.empty()) return;
  give(names, "singular", core::in_lower(kind));
  give(names, "listKind", kind + "List");
}

void custom_resource_definition(doc::Object& object) {
  const doc::Value* spec = object.find("spec");
  if (!spec || (object.contains("status") && (*object.find("status"))["storedVersions"].size() > 0)) return;
  const doc::Value& versions = (*spec)["versions"];
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (!versions[i]["storage"].bool_or(false)) continue;
    const doc::Value name = versions[i]["name"];
    object_in(object, "status").set("storedVersions", doc::Array{name});
    return;
  }
}

constexpr ComputedDefaults computed[] = {
    {"io.k8s.api.core.v1.Container", container},
    {"io.k8s.api.core.v1.EphemeralContainer", container},
    {"io.k8s.api.core.v1.Volume", volume},
    {"io.k8s.api.core.v1.Pod", pod},
    {"io.k8s.api.core.v1.PodSpec", pod_spec},
    {"io.k8s.api.core.v1.ServiceSpec", service_spec},
    {"io.k8s.api.core.v1.Namespace", namespace_},
    {"io.k8s.api.core.v1.NodeStatus", node_status},
    {"io.k8s.api.core.v1.Secret", secret},
    {"io.k8s.api.core.v1.PersistentVolume", pending},
    {"io.k8s.api.core.v1.PersistentVolumeClaim", pending},
    {"io.k8s.api.core.v1.LimitRangeItem", limit_range_item},
    {"io.k8s.api.apps.v1.DeploymentStrategy", deployment_strategy},
    {"io.k8s.api.apps.v1.DaemonSetUpdateStrategy", daemon_set_strategy},
    {"io.k8s.api.apps.v1.StatefulSetUpdateStrategy", stateful_set_strategy},
    {"io.k8s.api.apps.v1.StatefulSetSpec", stateful_set_spec},
    {"io.k8s.api.batch.v1.Job", job},
    {"io.k8s.api.core.v1.ReplicationController", replication_controller},
    {"io.k8s.api.flowcontrol.v1.FlowSchemaSpec", flow_schema_spec},
    {"io.k8s.api.flowcontrol.v1.QueuingConfiguration", queuing},
    {"io.k8s.api.resource.v1.ExactDeviceRequest", device_request},
    {"io.k8s.api.resource.v1.DeviceSubRequest", device_request},
    {"io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior", scaling_rules},
    {"io.k8s.api.networking.v1.NetworkPolicySpec", network_policy_spec},
    {"io.k8s.api.rbac.v1.Subject", subject},
    {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames", custom_resource_names},
    {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition", custom_resource_definition},
};

}  // namespace

std::span<const ConstantDefaults> constant_defaults() { return constants; }
std::span<const ComputedDefaults> computed_defaults() { return computed; }

std::string_view image_pull_policy(std::string_view image) {
  if (!is_image(image)) return "IfNotPresent";
  const std::size_t digest = image.find('@');
  const std::string_view name = image.substr(0, digest);
  const std::size_t colon = name.rfind(':');
  const std::size_t slash = name.rfind('/');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  const bool latest = tagged ? name.substr(colon + 1) == "latest" : digest == std::string_view::npos;
  return latest ? "Always" : "IfNotPresent";
}

}  // namespace slipway::objects::schema
