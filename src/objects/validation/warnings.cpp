#include "objects/validation/warnings.hpp"

#include <array>
#include <map>

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

namespace {

using Warnings = std::vector<std::string>;
using Sentence = std::pair<std::string_view, std::string_view>;

constexpr std::array<Sentence, 8> old_labels{{
    {"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
    {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
    {"failure-domain.beta.kubernetes.io/region",
     "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
    {"failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
    {"beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
    {"app.kubernetes.io/created-by", "deprecated since v1.9"},
    {"scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"},
    {"node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"},
}};

constexpr std::array<Sentence, 3> old_annotations{{
    {"scheduler.alpha.kubernetes.io/critical-pod",
     "non-functional in v1.16+; use the \"priorityClassName\" field instead"},
    {"security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
    {"security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
}};

constexpr std::array<Sentence, 9> old_volumes{{
    {"photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
    {"gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"},
    {"scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
    {"flocker", "deprecated in v1.22, non-functional in v1.25+"},
    {"storageOS", "deprecated in v1.22, non-functional in v1.25+"},
    {"quobyte", "deprecated in v1.22, non-functional in v1.25+"},
    {"glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
    {"cephfs", "deprecated in v1.28, non-functional in v1.31+"},
    {"rbd", "deprecated in v1.28, non-functional in v1.31+"},
}};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Says it of that place.
void warn(Warnings& to, const At& at, std::string_view what) { to.push_back(at.path() + ": " + std::string(what)); }

std::string_view said_of(std::span<const Sentence> sentences, std::string_view key) {
  for (const auto& [name, sentence] : sentences) {
    if (name == key) return sentence;
  }
  return {};
}

void warn_of_fractions(Warnings& to, const At& amounts, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    const At amount = amounts.key(name);
    if (amount.quantity().milli() % 1000 != 0) {
      warn(to, amount,
           "fractional byte value " + quoted(amount.quantity().render()) + " is invalid, must be an integer");
    }
  }
}

// `claim`: the spec of a PersistentVolumeClaim.
void warn_of_sizes(Warnings& to, const At& claim) {
  for (const std::string_view amounts : {"requests", "limits"})
    warn_of_fractions(to, claim["resources"][amounts], {"storage"});
}

void warn_of_placement(Warnings& to, const At& spec) {
  const At selector = spec["nodeSelector"];
  for (const auto& [key, value] : selector.members()) {
    if (const auto sentence = said_of(old_labels, key); !sentence.empty()) warn(to, selector.key(key), sentence);
  }
  for (const At constraint : spec["topologySpreadConstraints"].elements()) {
    const At key = constraint["topologyKey"];
    if (const auto sentence = said_of(old_labels, key.text()); !sentence.empty())
      warn(to, key, std::string(key.text()) + " is " + std::string(sentence));
    if (!constraint["labelSelector"])
      warn(to, constraint["labelSelector"], "a null labelSelector results in matching no pod");
  }
}

void warn_of_volumes(Warnings& to, const At& volumes) {
  for (const At volume : volumes.elements()) {
    for (const auto& [source, sentence] : old_volumes) {
      if (const At place = volume[source]) warn(to, place, sentence);
    }
    warn_of_sizes(to, volume["ephemeral"]["volumeClaimTemplate"]["spec"]);
  }
}

void warn_of_doubles(Warnings& to, const At& list, std::string_view field, std::string_view what) {
  Names seen;
  for (const At element : list.elements()) {
    const At name = element[field];
    if (!seen.add(name.text())) warn(to, name, "duplicate " + std::string(what) + " " + quoted(name.text()));
  }
}

// A later value may be made of the earlier one: PATH=$(PATH):/more.
void warn_of_environment(Warnings& to, const At& env) {
  Names seen;
  for (const At variable : env.elements()) {
    const std::string_view name = variable["name"].text();
    if (seen.add(name)) continue;
    const std::string reference = "$(" + std::string(name) + ")";
    const std::string_view value = variable["value"].text();
    if (!variable["valueFrom"] && value != reference && value.contains(reference)) continue;
    warn(to, variable, "hides previous definition of " + quoted(name) + ", which may be dropped when using apply");
  }
}

template <class Visit>
void for_each_container(const At& spec, Visit visit) {
  for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const At container : spec[list].elements()) visit(container);
  }
}

// How two ports with the same number and protocol get in each other's way.
std::string_view clash_of(const At& port, const At& other) {
  const auto number = port["hostPort"].number();
  const auto other_number = other["hostPort"].number();
  const std::string_view ip = port["hostIP"].text();
  const std::string_view other_ip = other["hostIP"].text();
  if (ip == other_ip && number == other_number) return "duplicate";
  if (number == 0 || other_number == 0) return "overlapping";
  if (number == other_number && ip.empty() != other_ip.empty()) return "dangerously ambiguous";
  return {};
}

void warn_of_ports(Warnings& to, const At& spec) {
  std::map<std::pair<std::int64_t, std::string_view>, std::vector<At>> ports;
  for_each_container(spec, [&](const At& container) {
    for (const At port : container["ports"].elements()) {
      auto& others = ports[{port["containerPort"].number(), port["protocol"].text()}];
      for (const At& other : others) {
        if (const auto clash = clash_of(port, other); !clash.empty())
          warn(to, port, std::string(clash) + " port definition with " + other.path());
      }
      others.push_back(port);
    }
  });
  std::map<std::string_view, std::string> names;
  for_each_container(spec, [&](const At& container) {
    for (const At port : container["ports"].elements()) {
      const std::string_view name = port["name"].text();
      if (name.empty()) continue;
      const auto [first, is_new] = names.emplace(name, port.path());
      if (is_new) continue;
      warn(to, port,
           "duplicate port name " + quoted(name) + " with " + first->second +
               ", services and probes that select ports by name will use " + first->second);
    }
  });
}

// A PodTemplateSpec, or a Pod.
Warnings warnings_of_pod(const At& pod) {
  Warnings all;
  const At spec = pod["spec"];
  const At annotations = pod["metadata"]["annotations"];
  warn_of_placement(all, spec);
  for (const auto& [key, sentence] : old_annotations) {
    if (annotations.key(key)) warn(all, annotations.key(key), sentence);
  }
  warn_of_volumes(all, spec["volumes"]);
  warn_of_doubles(all, spec["hostAliases"], "ip", "ip");
  warn_of_doubles(all, spec["imagePullSecrets"], "name", "name");
  for (const At secret : spec["imagePullSecrets"].elements()) {
    if (secret["name"].text().empty()) warn(all, secret["name"], "invalid empty name \"\"");
  }
  warn_of_fractions(all, spec["overhead"], {"memory", "ephemeral-storage"});
  for_each_container(spec, [&](const At& container) {
    const At resources = container["resources"];
    for (const std::string_view amount : {"memory", "ephemeral-storage"}) {
      for (const std::string_view amounts : {"limits", "requests"})
        warn_of_fractions(all, resources[amounts], {amount});
    }
    warn_of_environment(all, container["env"]);
  });
  warn_of_ports(all, spec);
  if (const At period = spec["terminationGracePeriodSeconds"]; period.number() < 0)
    warn(all, period, "must be >= 0; negative values are invalid and will be treated as 1");
  return all;
}

void append(Warnings& to, Warnings more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Names of what makes Pods become parts of their host names.
void warn_of_name(Warnings& to, const At& object, std::string_view where) {
  const auto complaints = dns1123_label(object["metadata"]["name"].text());
  if (complaints.empty()) return;
  std::string list;
  for (const auto& complaint : complaints) list += (list.empty() ? "" : " ") + complaint;
  to.push_back("metadata.name: this is used in " + std::string(where) +
               ", which can result in surprising behavior; a DNS label is recommended: [" + list + "]");
}

struct Maker {
  std::string_view group, kind;
  bool names_pods;
  At (*pods)(const At& object);
};
At template_of(const At& object) { return object["spec"]["template"]; }
constexpr std::array<Maker, 8> makers{{
    {"apps", "Deployment", true, template_of},
    {"apps", "ReplicaSet", true, template_of},
    {"apps", "StatefulSet", false, template_of},
    {"apps", "DaemonSet", false, template_of},
    {"batch", "Job", true, template_of},
    {"batch", "CronJob", true, [](const At& object) { return template_of(object["spec"]["jobTemplate"]); }},
    {"", "ReplicationController", true, template_of},
    {"", "PodTemplate", false, [](const At& object) { return object["template"]; }},
}};

// Of an update only where it changes what is wanted.
Warnings warnings_of_maker(const Maker& maker, const At& object, const doc::Value& before) {
  Warnings all;
  if (!before.is_null() && before["spec"] == object.value()["spec"]) return all;
  if (before.is_null() && maker.names_pods) warn_of_name(all, object, "Pod names and hostnames");
  append(all, warnings_of_pod(maker.pods(object)));
  for (const At claim : object["spec"]["volumeClaimTemplates"].elements()) warn_of_sizes(all, claim["spec"]);
  return all;
}

Warnings warnings_of_claim(const At& object) {
  Warnings all;
  constexpr std::string_view old_class = "volume.beta.kubernetes.io/storage-class";
  const At annotation = object["metadata"]["annotations"].key(old_class);
  if (annotation) warn(all, annotation, "deprecated since v1.8; use \"storageClassName\" attribute instead");
  warn_of_sizes(all, object["spec"]);
  return all;
}

}  // namespace

std::vector<std::string> warnings_about(const schema::Resource& resource, const doc::Value& object,
                                        const doc::Value& before) {
  if (resource.is_custom()) return {};
  Report report;
  const At at(object, report);
  for (const Maker& maker : makers) {
    if (maker.group == resource.group && maker.kind == resource.kind) return warnings_of_maker(maker, at, before);
  }
  const auto is = [&](std::string_view group, std::string_view kind) {
    return resource.group == group && resource.kind == kind;
  };
  if (is("", "PersistentVolumeClaim")) return warnings_of_claim(at);
  if (!before.is_null()) return {};
  if (is("", "Pod")) {
    Warnings all;
    warn_of_name(all, at, "the Pod's hostname");
    append(all, warnings_of_pod(at));
    return all;
  }
  if (is("networking.k8s.io", "Ingress") && at["metadata"]["annotations"].key("kubernetes.io/ingress.class"))
    return {"annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"};
  return {};
}

std::string deprecation_of(const schema::Resource& resource) {
  if (resource.is_custom()) {
    if (!resource.custom->deprecated) return {};
    const auto& said = resource.custom->deprecation_warning;
    return said.empty() ? resource.api_version() + " " + resource.kind + " is deprecated" : said;
  }
  if (resource.group.empty() && resource.kind == "Endpoints")
    return "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
  return {};
}

}  // namespace slipway::objects::validation
