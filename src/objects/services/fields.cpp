#include "objects/services/fields.hpp"

#include <map>
#include <set>

#include "objects/kinds.hpp"

namespace slipway::objects::services {
namespace {

std::string type_of(const doc::Value& spec) { return spec["type"].string_or("ClusterIP"); }

bool is_external(const doc::Value& spec) {
  const auto type = type_of(spec);
  return type == "NodePort" || type == "LoadBalancer" || (type == "ClusterIP" && spec["externalIPs"].size() > 0);
}

std::set<std::int64_t> node_ports_of(const doc::Value& spec) {
  std::set<std::int64_t> ports;
  for (std::size_t i = 0; i < spec["ports"].size(); ++i) {
    if (const auto port = spec["ports"][i]["nodePort"].int_or(0); port != 0) ports.insert(port);
  }
  return ports;
}

bool is_left_out(const doc::Value* value) {
  if (value == nullptr || value->is_null()) return true;
  if (value->is_array()) return value->size() == 0;
  return value->is_string() ? value->as_string().empty() : value->int_or(1) == 0;
}

// What was given out and is left out now.
void keep(const doc::Value& before, doc::Object& spec, std::string_view field) {
  if (!is_left_out(&before[field]) && is_left_out(spec.find(field))) spec.set(field, before[field]);
}

void drop_unless_changed(const doc::Value& before, doc::Object& spec, std::string_view field) {
  if (const auto* value = spec.find(field); value != nullptr && *value == before[field]) spec.erase(field);
}

// By the names of the ports: the client may have changed everything else of them.
void keep_node_ports(const doc::Value& before, doc::Value& spec) {
  std::set<std::int64_t> used;
  const auto now = node_ports_of(spec);
  for (const auto port : node_ports_of(before)) {
    if (now.contains(port)) used.insert(port);
  }
  std::map<std::string, std::int64_t> known;
  for (std::size_t i = 0; i < before["ports"].size(); ++i)
    known[before["ports"][i]["name"].string_or("")] = before["ports"][i]["nodePort"].int_or(0);
  if (!spec["ports"].is_array()) return;
  for (auto& port : spec.at_or_insert("ports").as_array()) {
    if (std::as_const(port)["nodePort"].int_or(0) != 0) continue;
    const auto found = known.find(std::as_const(port)["name"].string_or(""));
    if (found != known.end() && found->second != 0 && !used.contains(found->second))
      port.at_or_insert("nodePort") = found->second;
  }
}

void drop_node_ports(const doc::Value& before, doc::Value& spec) {
  const auto had = node_ports_of(before);
  for (const auto port : node_ports_of(spec)) {
    if (!had.contains(port)) return;  // the client means this one
  }
  if (!spec["ports"].is_array()) return;
  for (auto& port : spec.at_or_insert("ports").as_array()) port.as_object().erase("nodePort");
}

}  // namespace

bool is_service(const schema::Resource& resource) { return resource.is("", "Service"); }

bool needs_address(const doc::Value& spec) { return type_of(spec) != "ExternalName"; }

bool needs_node_ports(const doc::Value& spec) {
  const auto type = type_of(spec);
  return type == "NodePort" || (type == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"].bool_or(true));
}

bool needs_health_check_port(const doc::Value& spec) {
  return type_of(spec) == "LoadBalancer" && spec["externalTrafficPolicy"].string_or("") == "Local";
}

bool is_headless(const doc::Value& spec) { return spec["clusterIP"].string_or("") == "None"; }

void settle_update(const doc::Value& before_object, doc::Value& after_object) {
  const doc::Value& before = before_object["spec"];
  doc::Value& after = after_object.at_or_insert("spec");
  if (!after.is_object()) return;
  auto& spec = after.as_object();
  const bool had_address = needs_address(before);
  if (had_address && needs_address(after)) {
    for (const auto* field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) keep(before, spec, field);
  } else if (had_address) {
    for (const auto* field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
      drop_unless_changed(before, spec, field);
  }
  const bool has_node_ports = type_of(after) == "NodePort" || type_of(after) == "LoadBalancer";
  if (needs_node_ports(before) && needs_node_ports(after)) {
    keep_node_ports(before, after);
  } else if (needs_node_ports(before) && !has_node_ports) {
    drop_node_ports(before, after);
  }
  if (needs_health_check_port(before)) {
    if (needs_health_check_port(after)) {
      keep(before, spec, "healthCheckNodePort");
    } else {
      drop_unless_changed(before, spec, "healthCheckNodePort");
    }
  }
  if (type_of(before) == "LoadBalancer" && type_of(after) != "LoadBalancer") {
    drop_unless_changed(before, spec, "allocateLoadBalancerNodePorts");
    drop_unless_changed(before, spec, "loadBalancerClass");
  }
  if (is_external(before) && !is_external(after)) drop_unless_changed(before, spec, "externalTrafficPolicy");
  if (type_of(after) != "LoadBalancer" && after_object["status"]["loadBalancer"].size() > 0)
    after_object.at_or_insert("status").at_or_insert("loadBalancer") = doc::Object{};
}

std::string address_claim(const std::string& address) { return "address " + address; }
std::string port_claim(std::int64_t port) { return "node port " + std::to_string(port); }

std::optional<std::vector<std::string>> claims_of(const Kind& kind, const Object& object) {
  if (!(kind == kinds::service)) return std::nullopt;
  const doc::Value& spec = object.spec();
  std::vector<std::string> claims;
  for (std::size_t i = 0; i < spec["clusterIPs"].size(); ++i) {
    if (const auto address = spec["clusterIPs"][i].string_or(""); address != "None" && !address.empty())
      claims.push_back(address_claim(address));
  }
  auto ports = node_ports_of(spec);
  if (const auto port = spec["healthCheckNodePort"].int_or(0); port != 0) ports.insert(port);
  for (const auto port : ports) claims.push_back(port_claim(port));
  return claims;
}

}  // namespace slipway::objects::services
