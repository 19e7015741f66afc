// kubernetes pkg/apis/core/validation: ValidatePodSpec, in its order.

#include <algorithm>

#include "objects/validation/metadata.hpp"
#include "objects/validation/pod.hpp"
#include "objects/validation/pod_parts.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::int64_t largest_seconds = 2147483647;

void validate_claims(PodView& pod) {
  Names seen;
  for (const At claim : pod.spec["resourceClaims"].elements()) {
    const At name = claim["name"];
    if (name.must_be_given()) {
      pod.claims.add(name.text());
      if (!seen.add(name.text())) {
        name.duplicate();
      } else {
        name.must_be(dns1123_label);
      }
    }
    const At given = claim["resourceClaimName"];
    const At pattern = claim["resourceClaimTemplateName"];
    if (given && pattern) {
      claim.invalid("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    }
    if (!given && !pattern) {
      claim.invalid("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    }
    if (given) given.must_be(dns1123_subdomain);
    if (pattern) pattern.must_be(dns1123_subdomain);
  }
}

void validate_host_ports(const PodView& pod) {
  if (!pod.host_network()) return;
  for (const At container : pod.spec["containers"].elements()) {
    for (const At port : container["ports"].elements()) {
      const At host = port["hostPort"];
      if (!pod.is_pod && host.number() == 0) continue;
      if (host.number() != port["containerPort"].number()) {
        host.invalid(host.number(), "must match `containerPort` when `hostNetwork` is true");
      }
    }
  }
}

void validate_dns(At spec) {
  const At config = spec["dnsConfig"];
  const At servers = config["nameservers"];
  if (spec["dnsPolicy"].text() == "None") {
    if (!config) return config.required("must provide `dnsConfig` when `dnsPolicy` is None");
    if (servers.empty()) {
      return servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None");
    }
  }
  if (!config) return;
  if (servers.size() > 3) servers.invalid("must not have more than 3 nameservers");
  for (const At server : servers.elements()) server.must_be_ip();
  const At searches = config["searches"];
  if (searches.size() > 32) searches.invalid("must not have more than 32 search paths");
  std::size_t length = searches.empty() ? 0 : searches.size() - 1;
  for (const At search : searches.elements()) length += search.text().size();
  if (length > 2048) searches.invalid("must not have more than 2048 characters (including spaces) in the search list");
  for (const At search : searches.elements()) {
    std::string_view text = search.text();
    if (text == ".") continue;
    if (text.ends_with('.')) text.remove_suffix(1);
    search.must_be(dns1123_subdomain_with_underscore, text);
  }
  for (const At option : config["options"].elements()) {
    if (option["name"].text().empty()) option.required("must not be empty");
  }
}

void validate_gates(At spec) {
  for (const At gate : spec["readinessGates"].elements()) gate["conditionType"].must_be(qualified_name);
  Names names;
  for (const At gate : spec["schedulingGates"].elements()) {
    const std::string_view name = gate["name"].text();
    gate.must_be(qualified_name, name);
    if (!names.add(name)) gate.duplicate(doc::Value(name));
  }
}

void validate_host_users(const PodView& pod) {
  if (pod.host_users()) return;
  constexpr const char* refusal = "when `hostUsers` is false";
  if (pod.host_network()) pod.spec["hostNetwork"].forbidden(refusal);
  if (pod.spec["hostPID"].flag()) pod.spec["HostPID"].forbidden(refusal);
  if (pod.spec["hostIPC"].flag()) pod.spec["HostIPC"].forbidden(refusal);
}

void validate_host_name(const PodView& pod) {
  const At name = pod.spec["hostnameOverride"];
  if (!name) return;
  if (pod.spec["setHostnameAsFQDN"].flag()) name.forbidden("may not be specified when setHostnameAsFQDN is true");
  if (pod.host_network()) name.forbidden("may not be specified when hostNetwork is true");
  if (name.text().size() > 64) name.too_long(64);
  name.must_be(dns1123_subdomain);
}

void validate_names(At spec) {
  const auto must_be = [&](std::string_view field, Format format) {
    if (const At name = spec[field]; !name.text().empty()) name.must_be(format);
  };
  must_be("serviceAccountName", dns1123_subdomain);
  must_be("nodeName", dns1123_subdomain);
  if (const At deadline = spec["activeDeadlineSeconds"]) deadline.must_be_in_range(1, largest_seconds);
  must_be("hostname", dns1123_label);
  must_be("subdomain", dns1123_label);
  validate_tolerations(spec["tolerations"]);
  for (const At alias : spec["hostAliases"].elements()) {
    alias["ip"].must_be_ip();
    for (const At name : alias["hostnames"].elements()) name.must_be(dns1123_subdomain);
  }
  must_be("priorityClassName", dns1123_subdomain);
  if (const At name = spec["runtimeClassName"]) name.must_be(dns1123_subdomain);
  if (const At policy = spec["preemptionPolicy"]) policy.must_be_given_one_of({"PreemptLowerPriority", "Never"});
}

void validate_overhead(At overhead, Report& report) {
  if (overhead.empty()) return;
  const doc::Value limits = doc::Object{{"limits", overhead.value()}};
  Report inner;
  validate_container_resources(At(limits, inner), {});
  for (Problem& problem : inner.problems) {
    problem.field = overhead.path() + "." + problem.field;
    report.problems.push_back(std::move(problem));
  }
}

void validate_os(At spec) {
  const At os = spec["os"];
  if (!os) return;
  if (!os["name"].must_be_given()) return;
  os.with(os["name"].value()).must_be_one_of({"linux", "windows"});
}

void validate_annotations_of(At annotations, At spec) {
  constexpr std::string_view mirror = "kubernetes.io/config.mirror";
  constexpr std::string_view cost = "controller.kubernetes.io/pod-deletion-cost";
  for (const auto& [key, value] : annotations.members()) {
    if (key == mirror && spec["nodeName"].text().empty()) {
      annotations.key(mirror).invalid("must set spec.nodeName if mirror pod annotation is set");
    }
    if (key != cost) continue;
    const std::string text = value.string_or("");
    std::string_view digits = text;
    if (digits.starts_with('-')) digits.remove_prefix(1);
    const bool is_number = !digits.empty() && digits.size() <= 10 &&
                           std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    const bool is_odd = digits.size() > 1 && digits.starts_with('0');
    const std::int64_t number = is_number ? std::stoll(text) : 0;
    if (!is_number || is_odd || number > 2147483647 || number < -2147483648LL) {
      annotations.key(cost).invalid("must be a 32bit integer");
    }
  }
}

}  // namespace

std::optional<std::int64_t> PodView::grace_period() const {
  const At seconds = spec["terminationGracePeriodSeconds"];
  return seconds ? std::optional(seconds.number()) : std::nullopt;
}

void validate_pod_spec(At spec, At metadata, bool is_pod) {
  PodView pod{spec, metadata, is_pod, {}};
  if (!pod.grace_period()) spec["terminationGracePeriodSeconds"].required();
  const Volumes volumes = validate_volumes(pod);
  validate_claims(pod);
  validate_containers(pod, volumes);
  validate_pod_resources(pod);
  validate_host_ports(pod);
  spec["restartPolicy"].must_be_given_one_of({"Always", "OnFailure", "Never"});
  spec["dnsPolicy"].must_be_given_one_of({"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"});
  validate_labels(spec["nodeSelector"]);
  validate_pod_security(spec);
  validate_affinity(spec["affinity"]);
  validate_dns(spec);
  validate_gates(spec);
  validate_topology_spread(spec["topologySpreadConstraints"]);
  validate_host_users(pod);
  validate_host_name(pod);
  validate_names(spec);
  validate_overhead(spec["overhead"], spec.report());
  validate_os(spec);
  if (metadata) validate_annotations_of(metadata["annotations"], spec);
}

void validate_pod_template(At pod_template) {
  const At metadata = pod_template["metadata"];
  const At spec = pod_template["spec"];
  // The server leaves "metadata" out here.
  validate_labels(pod_template["labels"].with(metadata["labels"].value()));
  const At annotations = pod_template["annotations"].with(metadata["annotations"].value());
  validate_annotations(annotations);
  validate_annotations_of(annotations, spec);
  static const doc::Value none;
  validate_pod_spec(spec, spec.with(none), false);
  if (const At containers = spec["ephemeralContainers"]; !containers.empty()) {
    containers.forbidden("ephemeral containers not allowed in pod template");
  }
}

}  // namespace slipway::objects::validation
