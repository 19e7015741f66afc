#include "objects/admission/pods.hpp"

#include <algorithm>

namespace slipway::objects::admission {
namespace {

constexpr Kind priority_class{"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false};
constexpr std::string_view default_account = "default";
constexpr std::string_view no_execute = "NoExecute";
constexpr std::int64_t usual_seconds_on_lost_node = 300;

bool is_mirror(const doc::Value& pod) {
  return !pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null();
}

std::unexpected<api::Failure> refuse(const api::Review& review, const std::string& why) {
  return api::refuse(api::forbidden(*review.resource, review.name.name, why));
}

Object system_class(const char* name, std::int64_t value, const char* description) {
  auto object = Object::make(priority_class, {"", name});
  object.document().at_or_insert("value") = value;
  object.document().at_or_insert("description") = description;
  return object;
}

// The nodes and tolerations of a RuntimeClass beside the Pod's own.
api::Answer<> place_as(api::Review& review, const doc::Value& scheduling) {
  if (!scheduling.is_object()) return {};
  auto& spec = review.object.at_or_insert("spec");
  if (scheduling["nodeSelector"].is_object()) {
    auto& selector = spec.at_or_insert("nodeSelector");
    for (const auto& [key, value] : scheduling["nodeSelector"].as_object()) {
      const auto& own = std::as_const(selector)[key];
      if (!own.is_null() && !(own == value)) {
        return refuse(review, "conflict: runtimeClass.scheduling.nodeSelector[" + key + "] = " + value.string_or("") +
                                  "; pod.spec.nodeSelector[" + key + "] = " + own.string_or(""));
      }
      selector.at_or_insert(key) = value;
    }
  }
  if (!scheduling["tolerations"].is_array()) return {};
  auto& tolerations = spec.at_or_insert("tolerations");
  if (!tolerations.is_array()) tolerations = doc::Array{};
  auto& all = tolerations.as_array();
  for (const auto& toleration : scheduling["tolerations"].as_array()) {
    if (std::ranges::find(all, toleration) == all.end()) all.push_back(toleration);
  }
  return {};
}

constexpr const char* token_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::int64_t token_seconds = 3607;  // as everywhere: an hour, and told from one that somebody asked for

bool wants_token(const doc::Value& spec, const Object* account) {
  const auto& of_pod = spec["automountServiceAccountToken"];
  if (of_pod.is_bool()) return of_pod.as_bool();
  return account == nullptr || account->document()["automountServiceAccountToken"].bool_or(true);
}

doc::Value token_volume(const std::string& name) {
  const auto item = [](const char* key, const char* path) {
    return doc::Array{doc::Object{{"key", key}, {"path", path}}};
  };
  doc::Object token{{"expirationSeconds", token_seconds}, {"path", "token"}};
  doc::Object authority{{"name", "kube-root-ca.crt"}, {"items", item("ca.crt", "ca.crt")}};
  doc::Object field{{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}};
  doc::Object downward{{"items", doc::Array{doc::Object{{"path", "namespace"}, {"fieldRef", std::move(field)}}}}};
  doc::Array sources{doc::Object{{"serviceAccountToken", std::move(token)}},
                     doc::Object{{"configMap", std::move(authority)}},
                     doc::Object{{"downwardAPI", std::move(downward)}}};
  doc::Object projected{{"defaultMode", std::int64_t{0644}}, {"sources", std::move(sources)}};
  return doc::Object{{"name", name}, {"projected", std::move(projected)}};
}

// In every container that has nothing of its own there.
void mount_token(doc::Value& spec, const std::string& volume) {
  bool is_used = false;
  for (const char* list : {"initContainers", "containers"}) {
    if (!std::as_const(spec)[list].is_array()) continue;
    for (auto& container : spec.at_or_insert(list).as_array()) {
      auto& mounts = container.at_or_insert("volumeMounts");
      if (!mounts.is_array()) mounts = doc::Array{};
      const bool is_taken = std::ranges::any_of(mounts.as_array(), [](const doc::Value& mount) {
        return mount["mountPath"].string_or("") == token_directory;
      });
      if (is_taken) continue;
      mounts.as_array().emplace_back(doc::Object{{"name", volume}, {"readOnly", true}, {"mountPath", token_directory}});
      is_used = true;
    }
  }
  if (!is_used) return;
  auto& volumes = spec.at_or_insert("volumes");
  if (!volumes.is_array()) volumes = doc::Array{};
  volumes.as_array().push_back(token_volume(volume));
}

}  // namespace

bool makes_pod(const api::Review& review) {
  return review.operation == api::Operation::create && review.resource->is("", "Pod") && review.subresource.empty();
}

api::Answer<bool> ServiceAccountOfPods::mutate(api::Review& review) {
  if (!makes_pod(review) || is_mirror(review.object)) return false;
  auto& spec = review.object.at_or_insert("spec");
  auto name = spec["serviceAccountName"].string_or("");
  if (name.empty()) name = default_account;
  const auto* account = accounts_.find({review.name.ns, name});
  if (account == nullptr && name != default_account) {
    return refuse(review, "error looking up service account " + review.name.ns + "/" + name + ": serviceaccount \"" +
                              name + "\" not found");
  }
  spec.at_or_insert("serviceAccountName") = name;
  if (mounts_tokens_ && mounts_tokens_() && wants_token(spec, account))
    mount_token(spec, "kube-api-access-" + context_.world.random.hex(5));
  if (account == nullptr) return true;
  const auto& secrets = account->document()["imagePullSecrets"];
  if (spec["imagePullSecrets"].size() == 0 && secrets.size() > 0) spec.at_or_insert("imagePullSecrets") = secrets;
  return true;
}

api::Answer<bool> PriorityOfPods::mutate(api::Review& review) {
  if (!makes_pod(review)) return false;
  auto& spec = review.object.at_or_insert("spec");
  const auto name = spec["priorityClassName"].string_or("");
  const Object* found = nullptr;
  if (!name.empty()) {
    found = classes_.find({"", name});
    if (found == nullptr) return refuse(review, "no PriorityClass with name " + name + " was found");
  } else {
    // Of several that are everybody's, the smallest.
    for (const auto& object : classes_.all()) {
      if (!object.document()["globalDefault"].bool_or(false)) continue;
      if (found == nullptr || object.document()["value"].int_or(0) < found->document()["value"].int_or(0))
        found = &object;
    }
  }
  std::int64_t priority = 0;
  std::string policy = "PreemptLowerPriority";
  if (found != nullptr) {
    spec.at_or_insert("priorityClassName") = found->name().name;
    priority = found->document()["value"].int_or(0);
    policy = found->document()["preemptionPolicy"].string_or(policy);
  }
  if (const auto& said = spec["priority"]; said.is_int() && said.as_int() != priority) {
    return refuse(review, "the integer value of priority (" + std::to_string(said.as_int()) +
                              ") must not be provided in pod spec; priority admission controller computed " +
                              std::to_string(priority) + " from the given PriorityClass name");
  }
  if (const auto said = spec["preemptionPolicy"].string_or(""); !said.empty() && said != policy) {
    return refuse(review, "the string value of PreemptionPolicy (" + said +
                              ") must not be provided in pod spec; priority admission controller computed " + policy +
                              " from the given PriorityClass name");
  }
  spec.at_or_insert("priority") = priority;
  spec.at_or_insert("preemptionPolicy") = policy;
  return true;
}

api::Answer<> PriorityOfPods::validate(const api::Review& review) {
  if (review.resource->kind != "PriorityClass" || review.operation == api::Operation::remove) return {};
  if (!review.object["globalDefault"].bool_or(false)) return {};
  for (const auto& object : classes_.all()) {
    if (object.document()["globalDefault"].bool_or(false) && object.name().name != review.name.name) {
      return refuse(
          review, "PriorityClass " + object.name().name + " is already marked as default. Only one default can exist");
    }
  }
  return {};
}

api::Answer<bool> TolerationsOfPods::mutate(api::Review& review) {
  const bool writes = review.operation == api::Operation::create || review.operation == api::Operation::update;
  if (!writes || !review.resource->is("", "Pod") || !review.subresource.empty()) return false;
  auto& tolerations = review.object.at_or_insert("spec").at_or_insert("tolerations");
  if (!tolerations.is_array()) tolerations = doc::Array{};
  bool is_changed = false;
  for (const std::string_view key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool is_said = std::ranges::any_of(tolerations.as_array(), [&](const doc::Value& said) {
      const auto of_key = said["key"].string_or("");
      const auto effect = said["effect"].string_or("");
      return (of_key.empty() || of_key == key) && (effect.empty() || effect == no_execute);
    });
    if (is_said) continue;
    doc::Object added{{"key", key}, {"operator", "Exists"}, {"effect", no_execute}};
    added.append("tolerationSeconds", usual_seconds_on_lost_node);
    tolerations.as_array().emplace_back(std::move(added));
    is_changed = true;
  }
  return is_changed;
}

api::Answer<bool> RuntimeClassOfPods::mutate(api::Review& review) {
  if (!makes_pod(review) || std::as_const(review.object)["spec"]["runtimeClassName"].is_null()) return false;
  auto& spec = review.object.at_or_insert("spec");
  const auto& named = std::as_const(spec)["runtimeClassName"];
  const std::string name = named.string_or("");
  const auto* found = classes_.find({"", name});
  if (found == nullptr) return refuse(review, "pod rejected: RuntimeClass \"" + name + "\" not found");
  const auto& overhead = found->document()["overhead"]["podFixed"];
  if (overhead.size() > 0) {
    if (std::as_const(spec)["overhead"].size() > 0 && !(std::as_const(spec)["overhead"] == overhead))
      return refuse(review, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    spec.at_or_insert("overhead") = overhead;
  }
  TRY_DONE(place_as(review, found->document()["scheduling"]));
  return true;
}

api::Answer<> RuntimeClassOfPods::validate(const api::Review& review) {
  if (!makes_pod(review) || review.object["spec"]["overhead"].size() == 0) return {};
  const auto* found = classes_.find({"", review.object["spec"]["runtimeClassName"].string_or("")});
  if (found != nullptr && found->document()["overhead"]["podFixed"].size() > 0) return {};
  return refuse(review, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
}

std::vector<Object> system_priority_classes() {
  return {system_class("system-node-critical", 2'000'001'000,
                       "For what a node cannot do without: nothing is more important."),
          system_class("system-cluster-critical", 2'000'000'000, "For what the whole cluster cannot do without.")};
}

}  // namespace slipway::objects::admission
