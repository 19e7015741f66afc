// kubernetes pkg/apis/core/validation: Service. Addresses and node ports are given out after validation here, so that
// none is asked for.

#include <algorithm>
#include <unordered_set>

#include "core/text.hpp"
#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

bool is_headless(At spec) { return spec["clusterIP"].text() == "None"; }

bool is_external(At spec) {
  const std::string_view type = spec["type"].text();
  return type == "LoadBalancer" || type == "NodePort" || (type == "ClusterIP" && !spec["externalIPs"].empty());
}

bool needs_health_check(At spec) {
  return spec["type"].text() == "LoadBalancer" && spec["externalTrafficPolicy"].text() == "Local";
}

void validate_type(At spec) {
  const std::string_view type = spec["type"].text();
  const At ips = spec["clusterIPs"];
  const bool wants_address = type == "LoadBalancer" || type == "NodePort";
  if (wants_address && is_headless(spec)) {
    ips[0].invalid("None", "may not be set to 'None' for " + std::string(type) + " services");
  }
  if (type != "ExternalName") return;
  for (const std::string_view field : {"clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
    const At member = spec[field];
    if (member && (!member.value().is_array() || !member.empty())) {
      member.forbidden("may not be set for ExternalName services");
    }
  }
  const At name = spec["externalName"];
  std::string_view text = name.text();
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) {
    name.required();
  } else {
    name.must_be(dns1123_subdomain, text);
  }
}

void validate_ports(At spec) {
  const At ports = spec["ports"];
  Names names;
  for (const At port : ports.elements()) {
    const At name = port["name"];
    if (!name.text().empty()) {
      name.must_be(dns1123_label);
      if (!names.add(name.text())) name.duplicate();
    } else if (ports.size() > 1) {
      name.required();
    }
    port["port"].must_be_port();
    port["protocol"].must_be_given_one_of({"SCTP", "TCP", "UDP"});
    port["targetPort"].must_be_port_or_name();
    if (const At protocol = port["appProtocol"]) protocol.must_be(qualified_name);
  }
}

void validate_affinity(At spec) {
  const At affinity = spec["sessionAffinity"];
  const At config = spec["sessionAffinityConfig"];
  affinity.must_be_given_one_of({"ClientIP", "None"});
  if (affinity.text() != "ClientIP") return;
  constexpr const char* when = "when session affinity type is ClientIP";
  constexpr std::int64_t day = 86400;
  const At client = config["clientIP"];
  const At timeout = client["timeoutSeconds"];
  if (!config) return config.required(when);
  if (!client) return client.required(when);
  if (!timeout) return timeout.required(when);
  if (timeout.number() <= 0 || timeout.number() > day) timeout.invalid("must be greater than 0 and less than 86400");
}

void validate_addresses(At spec) {
  if (spec["type"].text() == "ExternalName") return;
  const At ip = spec["clusterIP"];
  const At ips = spec["clusterIPs"];
  if (!ip.text().empty()) {
    if (!ips.empty() && !ips[0].is_same_as(ip)) ips.invalid("first value must match `clusterIP`");
  } else if (!ips.empty()) {
    ips.invalid("must be empty when `clusterIP` is not specified");
  }
  Names families;
  for (const At family : spec["ipFamilies"].elements()) {
    family.must_be_one_of({"IPv4", "IPv6"});
    if (!families.add(family.text())) family.duplicate();
  }
  if (const At policy = spec["ipFamilyPolicy"]) {
    policy.must_be_one_of({"PreferDualStack", "RequireDualStack", "SingleStack"});
  }
  bool are_valid = true;
  std::size_t index = 0;
  int counts[7] = {};
  for (const At one : ips.elements()) {
    if (index++ == 0 && one.text() == "None") {
      if (ips.size() > 1) {
        are_valid = false;
        ips.invalid("'None' must be the first and only value");
      }
      continue;
    }
    are_valid = one.must_be_ip() && are_valid;
    ++counts[ip_family(one.text())];
  }
  if (ips.empty() && !ip.text().empty() && !is_headless(spec)) are_valid = ips[0].with(ip.value()).must_be_ip();
  if (ips.size() > 2) ips.invalid("may only hold up to 2 values");
  if (!are_valid) return;
  if (ips.size() > 1 && (counts[4] > 1 || counts[6] > 1)) {
    ips.invalid("may specify no more than one IP for each IP family");
  }
  if (is_headless(spec)) return;
  for (std::size_t i = 0; i < std::min(ips.size(), spec["ipFamilies"].size()); ++i) {
    const std::string_view family = spec["ipFamilies"][i].text();
    const int given = ip_family(ips[i].text());
    if ((family == "IPv4" && given == 6) || (family == "IPv6" && given == 4)) {
      ips[i].invalid("expected an " + std::string(family) + " value as indicated by `ipFamilies[" + std::to_string(i) +
                     "]`");
    }
  }
}

void validate_port_numbers(At spec) {
  const At ports = spec["ports"];
  std::unordered_set<std::string> seen;
  const auto is_repeated = [&](At port, std::string_view number) {
    std::string key(number);
    key.append(port["protocol"].text()).append(std::to_string(port[number].number()));
    return !seen.insert(std::move(key)).second;
  };
  for (const At port : ports.elements()) {
    if (spec["type"].text() == "ClusterIP" && port["nodePort"].number() != 0) {
      port["nodePort"].forbidden("may not be used when `type` is 'ClusterIP'");
    }
  }
  for (const At port : ports.elements()) {
    const At node_port = port["nodePort"];
    if (node_port.number() != 0 && is_repeated(port, "nodePort")) node_port.duplicate();
  }
  for (const At port : ports.elements()) {
    if (!is_repeated(port, "port")) continue;
    // The server shows its own struct.
    Problem problem = duplicate(port.path(), {});
    problem.bad_value = "{\"Name\":\"\",\"Protocol\":" + shown(port["protocol"].value()) +
                        ",\"AppProtocol\":null,\"Port\":" + shown(port["port"].value()) +
                        ",\"TargetPort\":0,\"NodePort\":0}";
    port.add(std::move(problem));
  }
}

void validate_balancer(At object) {
  const At spec = object["spec"];
  const bool is_balancer = spec["type"].text() == "LoadBalancer";
  constexpr const char* only_there = "may only be used when `type` is 'LoadBalancer'";
  const At ranges = spec["loadBalancerSourceRanges"];
  if (!ranges.empty()) {
    const At place = spec["LoadBalancerSourceRanges"];
    if (!is_balancer) place.forbidden(only_there);
    std::size_t index = 0;
    for (const At range : ranges.elements()) {
      const doc::Value text = core::trimmed(range.text(), " \t\r\n");
      place[index++].with(text).must_be_cidr();
    }
  }
  const At allocates = spec["allocateLoadBalancerNodePorts"];
  if (allocates && !is_balancer) allocates.forbidden(only_there);
  if (const At balancer = spec["loadBalancerClass"]) {
    if (is_balancer) {
      balancer.must_be(qualified_name);
    } else {
      balancer.forbidden(only_there);
    }
  }
}

void validate_traffic(At spec) {
  const At external = spec["externalTrafficPolicy"];
  if (is_external(spec)) {
    external.must_be_given_one_of({"Cluster", "Local"});
  } else if (!external.text().empty()) {
    external.invalid("may only be set for externally-accessible services");
  }
  const At health = spec["healthCheckNodePort"];
  if (health.number() != 0) {
    if (needs_health_check(spec)) {
      health.must_be_port();
    } else {
      health.invalid("may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
    }
  }
  const std::string_view type = spec["type"].text();
  const At internal = spec["internalTrafficPolicy"];
  if (internal) {
    internal.must_be_one_of({"Cluster", "Local"});
  } else if (type == "NodePort" || type == "LoadBalancer" || type == "ClusterIP") {
    internal.required();
  }
  if (const At distribution = spec["trafficDistribution"]) {
    distribution.must_be_one_of({"PreferClose", "PreferSameZone", "PreferSameNode"});
  }
}

void validate_common(At object) {
  const At spec = object["spec"];
  const At annotations = object["metadata"]["annotations"];
  const At mode = annotations.key("service.kubernetes.io/topology-mode");
  const At hints = annotations.key("service.kubernetes.io/topology-aware-hints");
  if (mode && hints && !mode.is_same_as(hints)) {
    mode.invalid("must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified");
  }
  if (spec["ports"].empty() && !is_headless(spec) && spec["type"].text() != "ExternalName") spec["ports"].required();
  validate_type(spec);
  validate_ports(spec);
  validate_labels(spec["selector"]);
  validate_affinity(spec);
  validate_addresses(spec);
  for (const At ip : spec["externalIPs"].elements()) {
    if (ip.must_be_ip()) validate_endpoint_ip(ip);
  }
  spec["type"].must_be_given_one_of({"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  validate_port_numbers(spec);
  validate_balancer(object);
  validate_traffic(spec);
}

void validate_address_update(At spec, At old) {
  if (spec["type"].text() == "ExternalName" || old["type"].text() == "ExternalName") return;
  if (is_headless(spec) && is_headless(old)) return;
  const At ips = spec["clusterIPs"];
  const At before = old["clusterIPs"];
  if (ips.size() == before.size()) {
    for (std::size_t i = 0; i < ips.size(); ++i) {
      if (!ips[i].is_same_as(before[i])) ips[i].invalid(ips.value(), "may not change once set");
    }
  } else if (before.size() > ips.size()) {
    const At first = ips[0];
    if (ips.empty()) {
      first.invalid(doc::Array{}, "primary clusterIP can not be unset");
    } else if (!first.is_same_as(before[0])) {
      first.invalid(ips.value(), "may not change once set");
    }
    if (ips.size() == 1 && spec["ipFamilyPolicy"].text() != "SingleStack") {
      spec["ipFamilyPolicy"].invalid("must be set to 'SingleStack' when releasing the secondary clusterIP");
    }
  } else if (!before.empty() && !ips[0].is_same_as(before[0])) {
    ips[0].invalid(ips.value(), "may not change once set");
  }
}

}  // namespace

void validate_service(At object) {
  validate_metadata(object["metadata"], true, dns1035_label);
  validate_common(object);
}

void validate_service_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At spec = object["spec"];
  const At before = old["spec"];
  validate_address_update(spec, before);
  if (spec["type"].text() == "LoadBalancer" && before["type"].text() == "LoadBalancer") {
    const At balancer = spec["loadBalancerClass"];
    if (!balancer.is_same_as(before["loadBalancerClass"])) balancer.invalid("may not change once set");
  }
  if (needs_health_check(spec) && needs_health_check(before) &&
      !spec["healthCheckNodePort"].is_same_as(before["healthCheckNodePort"])) {
    spec["healthCheckNodePort"].forbidden(std::string(immutable_sentence));
  }
  validate_common(object);
}

void validate_load_balancer_ingress(At ingress) {
  for (const At one : ingress.elements()) {
    if (const At ip = one["ip"]; !ip.text().empty()) ip.must_be_ip();
    if (const At host = one["hostname"]; !host.text().empty()) {
      host.must_be(dns1123_subdomain);
      if (ip_family(host.text()) != 0) host.invalid("must be a DNS name, not an IP address");
    }
  }
}

void validate_service_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  const At ingress = object["status"]["loadBalancer"]["ingress"];
  if (!ingress.empty() && object["spec"]["type"].text() != "LoadBalancer") {
    ingress.forbidden("may only be used when `spec.type` is \"LoadBalancer\"");
  }
  validate_load_balancer_ingress(ingress);
}

}  // namespace slipway::objects::validation
