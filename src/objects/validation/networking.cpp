// kubernetes pkg/apis/networking/validation.

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

// --- NetworkPolicy ---------------------------------------------------------------------------------------------

void validate_policy_port(At port) {
  if (const At protocol = port["protocol"]) protocol.must_be_one_of({"TCP", "UDP", "SCTP"});
  const At number = port["port"];
  const At end = port["endPort"];
  if (!number) {
    if (end) end.invalid("may not be specified when `port` is not specified");
  } else if (number.value().is_int()) {
    number.must_be_port();
    if (!end) return;
    if (end.number() < number.number()) end.invalid(number.value(), "must be greater than or equal to `port`");
    end.must_be_port();
  } else {
    if (end) end.invalid("may not be specified when `port` is non-numeric");
    number.must_be(port_name);
  }
}

struct Range {
  std::array<unsigned char, 16> bytes{};
  int family = 0;
  int length = 0;
};

// Of a text that cidr_family() accepts.
Range read_range(std::string_view text) {
  Range range;
  range.family = cidr_family(text);
  if (range.family == 0) return range;
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  inet_pton(range.family == 4 ? AF_INET : AF_INET6, address.c_str(), range.bytes.data());
  std::from_chars(text.data() + slash + 1, text.data() + text.size(), range.length);
  return range;
}

bool is_strictly_inside(const Range& outer, const Range& inner) {
  if (outer.family != inner.family || outer.length >= inner.length) return false;
  for (int bit = 0; bit < outer.length; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> bit % 8;
    if ((outer.bytes[byte] & mask) != (inner.bytes[byte] & mask)) return false;
  }
  return true;
}

void validate_ip_block(At block) {
  const At range = block["cidr"];
  if (!range.must_be_given() || !range.must_be_cidr()) return;
  const Range outer = read_range(range.text());
  for (const At except : block["except"].elements()) {
    if (!except.must_be_cidr()) continue;
    if (!is_strictly_inside(outer, read_range(except.text()))) except.invalid("must be a strict subset of `cidr`");
  }
}

void validate_peer(At peer) {
  const At pods = peer["podSelector"];
  const At namespaces = peer["namespaceSelector"];
  const At block = peer["ipBlock"];
  validate_label_selector(pods);
  validate_label_selector(namespaces);
  if (block) validate_ip_block(block);
  if (!pods && !namespaces && !block) peer.required("must specify a peer");
  if (block && (pods || namespaces)) peer.forbidden("may not specify both ipBlock and another peer");
}

void validate_policy_spec(At spec) {
  validate_label_selector(spec["podSelector"]);
  for (const auto& [direction, peers] :
       {std::pair<std::string_view, std::string_view>("ingress", "from"), {"egress", "to"}}) {
    for (const At rule : spec[direction].elements()) {
      for (const At port : rule["ports"].elements()) validate_policy_port(port);
      for (const At peer : rule[peers].elements()) validate_peer(peer);
    }
  }
  const At types = spec["policyTypes"];
  if (types.size() > 2) return types.invalid("may not specify more than two policyTypes");
  for (const At type : types.elements()) type.must_be_one_of({"Ingress", "Egress"});
}

// --- Ingress ---------------------------------------------------------------------------------------------------

void validate_reference(At reference) {
  if (const At group = reference["apiGroup"]) group.must_be(dns1123_subdomain);
  for (const std::string_view field : {"kind", "name"}) {
    if (const At text = reference[field]; text.must_be_given()) text.must_be(path_segment_name);
  }
}

void validate_backend(At backend) {
  const At resource = backend["resource"];
  const At service = backend["service"];
  if (resource && service) return backend.invalid("", "cannot set both resource and service backends");
  if (resource) return validate_reference(resource);
  if (!service) return backend.invalid("", "resource or service backend is required");
  if (const At name = service["name"]; name.must_be_given()) name.must_be(dns1035_label);
  const At port_name_at = service["port"]["name"];
  const At number = service["port"]["number"];
  const bool has_name = !port_name_at.text().empty();
  const bool has_number = number.number() != 0;
  if (has_name && has_number) return backend.invalid("", "cannot set both port name & port number");
  if (has_name) {
    port_name_at.must_be(port_name);
  } else if (has_number) {
    number.must_be_port();
  } else {
    backend.required("port name or number is required");
  }
}

void validate_path(At path) {
  const At type = path["pathType"];
  const At given = path["path"];
  const std::string_view text = given.text();
  if (!type) return type.required("pathType must be specified");
  const bool is_strict = type.text() == "Exact" || type.text() == "Prefix";
  const bool is_free = type.text() == "ImplementationSpecific";
  if (!text.starts_with('/') && (is_strict || (is_free && !text.empty()))) {
    given.invalid(doc::Value(text), "must be an absolute path");
  }
  if (is_strict) {
    for (const std::string_view bad : {"//", "/./", "/../", "%2f", "%2F"}) {
      if (text.find(bad) != std::string_view::npos) given.invalid("must not contain '" + std::string(bad) + "'");
    }
    for (const std::string_view bad : {"/..", "/."}) {
      if (text.ends_with(bad)) given.invalid("cannot end with '" + std::string(bad) + "'");
    }
  } else if (!is_free) {
    type.must_be_one_of({"Exact", "ImplementationSpecific", "Prefix"});
  }
  validate_backend(path["backend"]);
}

void validate_host(At host) {
  if (host.text().find('*') != std::string_view::npos) {
    host.must_be(wildcard_dns1123_subdomain);
  } else {
    host.must_be(dns1123_subdomain);
  }
}

void validate_ingress_spec(At spec) {
  const At rules = spec["rules"];
  const At backend = spec["defaultBackend"];
  if (rules.empty() && !backend) spec.invalid(nullptr, "either `defaultBackend` or `rules` must be specified");
  if (backend) validate_backend(backend);
  for (const At rule : rules.elements()) {
    if (const At host = rule["host"]; !host.text().empty()) {
      if (ip_family(host.text()) != 0) host.invalid("must be a DNS name, not an IP address");
      validate_host(host);
    }
    const At http = rule["http"];
    if (!http) continue;
    if (http["paths"].empty()) http["paths"].required();
    for (const At path : http["paths"].elements()) validate_path(path);
  }
  for (const At tls : spec["tls"].elements()) {
    for (const At host : tls["hosts"].elements()) validate_host(host);
    if (const At secret = tls["secretName"]; !secret.text().empty()) secret.must_be(dns1123_subdomain);
  }
  if (const At name = spec["ingressClassName"]) name.must_be(dns1123_subdomain);
}

void validate_class_spec(At spec) {
  const At controller = spec["controller"];
  const std::string_view text = controller.text();
  if (text.size() > 250) controller.too_long(250);
  if (controller.must_be_given()) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
      controller.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")");
    } else {
      controller.must_be(dns1123_subdomain, text.substr(0, slash));
    }
  }
  const At parameters = spec["parameters"];
  if (!parameters) return;
  validate_reference(parameters);
  const At scope = parameters["scope"];
  const At ns = parameters["namespace"];
  if (!scope) return scope.required();
  if (!scope.must_be_one_of({"Cluster", "Namespace"})) return;
  if (scope.text() == "Namespace") {
    if (ns) {
      ns.must_be(dns1123_label);
    } else {
      ns.required("`parameters.scope` is set to 'Namespace'");
    }
  } else if (ns) {
    ns.forbidden("`parameters.scope` is set to 'Cluster'");
  }
}

}  // namespace

void validate_network_policy(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_policy_spec(object["spec"]);
}

void validate_network_policy_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_policy_spec(object["spec"]);
}

void validate_ingress(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_ingress_spec(object["spec"]);
  constexpr std::string_view annotation = "kubernetes.io/ingress.class";
  const At said = object["metadata"]["annotations"][annotation];
  const At name = object["spec"]["ingressClassName"];
  if (said && name && !said.is_same_as(name)) {
    object["annotations"][annotation].invalid(said.value(), "must match `ingressClassName` when both are specified");
  }
}

void validate_ingress_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_ingress_spec(object["spec"]);
}

void validate_ingress_status(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_load_balancer_ingress(object["status"]["loadBalancer"]["ingress"]);
}

void validate_ingress_class(At object) {
  validate_metadata(object["metadata"], false, dns1123_subdomain);
  validate_class_spec(object["spec"]);
}

void validate_ingress_class_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["spec"]["controller"].must_not_change(old["spec"]["controller"]);
  validate_ingress_class(object);
}

}  // namespace slipway::objects::validation
