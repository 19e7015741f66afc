// kubernetes pkg/apis/discovery/validation, and Endpoints of pkg/apis/core/validation.

#include <arpa/inet.h>

#include <array>
#include <unordered_set>

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::size_t most_endpoints = 1000;
constexpr std::size_t most_addresses = 100;
constexpr std::size_t most_ports = 20000;
constexpr std::size_t most_hints = 8;

void validate_domain_name(At name) {
  std::string_view text = name.text();
  if (text.empty()) return name.required();
  if (text.ends_with('.')) text.remove_suffix(1);
  std::string all;
  for (const std::string& complaint : dns1123_subdomain(text)) all += (all.empty() ? "" : ",") + complaint;
  if (!all.empty()) return name.invalid(doc::Value(text), all);
  if (text.find('.') == std::string_view::npos) {
    name.invalid(doc::Value(text), "should be a domain with at least two segments separated by dots");
  }
}

void validate_address(At address, At addresses, std::string_view type) {
  if (type == "FQDN") return validate_domain_name(address);
  if (type != "IPv4" && type != "IPv6") return;
  if (!address.must_be_ip()) return;
  if (type != (ip_family(address.text()) == 4 ? "IPv4" : "IPv6")) {
    addresses.invalid(address.value(), "must be an " + std::string(type) + " address");
  }
  validate_endpoint_ip(address);
}

void validate_hints(At hints) {
  for (const std::string_view kind : {"forZones", "forNodes"}) {
    const At list = hints[kind];
    if (list.size() > most_hints) return list.too_many(most_hints);
    Names names;
    for (const At hint : list.elements()) {
      const At name = hint["name"];
      if (!names.add(name.text())) name.duplicate();
      name.must_be(kind == "forZones" ? label_value : dns1123_subdomain);
    }
  }
}

void validate_endpoints_of(At object) {
  const At endpoints = object["endpoints"];
  const std::string_view type = object["addressType"].text();
  if (endpoints.size() > most_endpoints) return endpoints.too_many(most_endpoints);
  for (const At endpoint : endpoints.elements()) {
    const At addresses = endpoint["addresses"];
    if (addresses.empty()) addresses.required("must contain at least 1 address");
    if (addresses.size() > most_addresses) addresses.too_many(most_addresses);
    for (const At address : addresses.elements()) validate_address(address, addresses, type);
    if (const At node = endpoint["nodeName"]) node.must_be(dns1123_subdomain);
    validate_labels(endpoint["deprecatedTopology"]);
    if (const At host = endpoint["hostname"]) host.must_be(dns1123_label);
    if (const At hints = endpoint["hints"]) validate_hints(hints);
  }
}

void validate_slice(At object) {
  object["addressType"].must_be_given_one_of({"FQDN", "IPv4", "IPv6"});
  const At ports = object["ports"];
  if (ports.size() > most_ports) {
    ports.too_many(most_ports);
  } else {
    std::unordered_set<std::string_view> names;
    for (const At port : ports.elements()) {
      const At name = port["name"];
      if (!name.text().empty()) name.must_be(dns1123_label);
      if (!names.insert(name.text()).second) name.duplicate(doc::Value(name.text()));
      if (const At protocol = port["protocol"]) {
        protocol.must_be_one_of({"SCTP", "TCP", "UDP"});
      } else {
        protocol.required();
      }
      if (const At protocol = port["appProtocol"]) protocol.must_be(qualified_name);
    }
  }
}

void validate_subset_address(At address) {
  const At ip = address["ip"];
  ip.must_be_ip();
  if (const At host = address["hostname"]; !host.text().empty()) host.must_be(dns1123_label);
  if (const At node = address["nodeName"]) node.must_be(dns1123_subdomain);
  validate_endpoint_ip(ip);
}

void validate_subsets(At subsets) {
  for (const At subset : subsets.elements()) {
    if (subset["addresses"].empty() && subset["notReadyAddresses"].empty()) {
      subset.required("must specify `addresses` or `notReadyAddresses`");
    }
    for (const At address : subset["addresses"].elements()) validate_subset_address(address);
    for (const At address : subset["notReadyAddresses"].elements()) validate_subset_address(address);
    const At ports = subset["ports"];
    for (const At port : ports.elements()) {
      const At name = port["name"];
      if (!name.text().empty()) {
        name.must_be(dns1123_label);
      } else if (ports.size() > 1) {
        name.required();
      }
      port["port"].must_be_port();
      port["protocol"].must_be_given_one_of({"SCTP", "TCP", "UDP"});
      if (const At protocol = port["appProtocol"]) protocol.must_be(qualified_name);
    }
  }
}

}  // namespace

void validate_endpoint_ip(At ip) {
  const std::string text(ip.text());
  std::array<unsigned char, 16> bytes{};
  bool is_unspecified = false;
  bool is_loopback = false;
  bool is_link_local = false;
  bool is_link_local_multicast = false;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    is_unspecified = (bytes[0] | bytes[1] | bytes[2] | bytes[3]) == 0;
    is_loopback = bytes[0] == 127;
    is_link_local = bytes[0] == 169 && bytes[1] == 254;
    is_link_local_multicast = bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0;
  } else if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    bool is_zero = true;
    for (std::size_t i = 0; i < 15; ++i) is_zero = is_zero && bytes[i] == 0;
    is_unspecified = is_zero && bytes[15] == 0;
    is_loopback = is_zero && bytes[15] == 1;
    is_link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
    is_link_local_multicast = bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02;
  } else {
    return ip.invalid(doc::Value(text), "must be a valid IP address");
  }
  if (is_unspecified) ip.invalid("may not be unspecified (" + text + ")");
  if (is_loopback) ip.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (is_link_local) ip.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (is_link_local_multicast) {
    ip.invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
}

void validate_endpoint_slice(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_slice(object);
  validate_endpoints_of(object);
}

void validate_endpoint_slice_update(At object, At old) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_slice(object);
  if (!object["endpoints"].is_same_as(old["endpoints"])) validate_endpoints_of(object);
  object["addressType"].must_not_change(old["addressType"]);
}

void validate_endpoints(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_subsets(object["subsets"]);
}

void validate_endpoints_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  if (!object["subsets"].is_same_as(old["subsets"])) validate_subsets(object["subsets"]);
}

}  // namespace slipway::objects::validation
