#include "services/compile.hpp"

#include <algorithm>

#include "net/addresses.hpp"
#include "objects/endpoints.hpp"
#include "objects/kinds.hpp"

namespace slipway::services {
namespace {

namespace kinds = objects::kinds;
using net::is_ip_address;
using objects::Object;

constexpr std::int64_t usual_affinity_seconds = 10800;

std::optional<Protocol> protocol_of(const doc::Value& port) {
  const std::string name = port["protocol"].string_or("TCP");
  if (name == "TCP") return Protocol::tcp;
  if (name == "UDP") return Protocol::udp;
  return std::nullopt;  // SCTP: nobody listens
}

int port_of(const doc::Value& value) {
  const auto number = value.int_or(0);
  return number > 0 && number <= 65535 ? static_cast<int>(number) : 0;
}

void add_once(std::vector<Address>& addresses, Address address) {
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(std::move(address));
}

// Whether `into` says something else now.
template <class Map, class Value>
bool keep(Map& into, const objects::Name& name, Value value, bool says_nothing) {
  const auto there = into.find(name);
  if (says_nothing) return there != into.end() && (into.erase(there), true);
  if (there != into.end() && there->second == value) return false;
  into.insert_or_assign(name, std::move(value));
  return true;
}

}  // namespace

Cluster::Service Cluster::read_service(const Object& object) {
  Service service;
  const doc::Value& spec = object.spec();
  if (spec["type"].string_or("ClusterIP") == "ExternalName") return service;
  for (std::size_t i = 0; i < spec["clusterIPs"].size(); ++i) {
    if (auto address = spec["clusterIPs"][i].string_or(""); is_ip_address(address))
      service.addresses.push_back(std::move(address));
  }
  if (service.addresses.empty() && is_ip_address(spec["clusterIP"].string_or("")))
    service.addresses.push_back(spec["clusterIP"].string_or(""));
  for (std::size_t i = 0; i < spec["ports"].size(); ++i) {
    const doc::Value& port = spec["ports"][i];
    const auto protocol = protocol_of(port);
    if (!protocol || port_of(port["port"]) == 0) continue;
    service.ports.push_back({port["name"].string_or(""), *protocol, port_of(port["port"]), port_of(port["nodePort"])});
  }
  if (spec["sessionAffinity"].string_or("None") == "ClientIP")
    service.affinity_seconds =
        spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].int_or(usual_affinity_seconds);
  return service;
}

Cluster::Slice Cluster::read_slice(const Object& object) {
  Slice slice;
  slice.service = {object.name().ns, object.label(objects::service_name_label)};
  const doc::Value& document = object.document();
  for (std::size_t i = 0; i < document["ports"].size(); ++i) {
    const doc::Value& port = document["ports"][i];
    const auto protocol = protocol_of(port);
    if (protocol && port_of(port["port"]) != 0)
      slice.ports.push_back({port["name"].string_or(""), *protocol, port_of(port["port"]), 0});
  }
  for (std::size_t i = 0; i < document["endpoints"].size(); ++i) {
    const doc::Value& each = document["endpoints"][i];
    const std::string host = each["addresses"][std::size_t{0}].string_or("");
    if (!is_ip_address(host)) continue;  // a name: kube-proxy leaves those alone, too
    const doc::Value& conditions = each["conditions"];
    const bool ready = conditions["ready"].bool_or(true);
    const bool draining = conditions["serving"].bool_or(ready) && conditions["terminating"].bool_or(false);
    slice.endpoints.push_back({host, ready, draining});
  }
  return slice;
}

std::vector<Cluster::Slice> Cluster::read_endpoints(const Object& object) {
  std::vector<Slice> slices;
  const doc::Value& subsets = object.document()["subsets"];
  for (std::size_t i = 0; i < subsets.size(); ++i) {
    Slice& slice = slices.emplace_back();
    slice.service = object.name();
    for (std::size_t k = 0; k < subsets[i]["ports"].size(); ++k) {
      const doc::Value& port = subsets[i]["ports"][k];
      const auto protocol = protocol_of(port);
      if (protocol && port_of(port["port"]) != 0)
        slice.ports.push_back({port["name"].string_or(""), *protocol, port_of(port["port"]), 0});
    }
    for (std::size_t k = 0; k < subsets[i]["addresses"].size(); ++k) {
      const std::string host = subsets[i]["addresses"][k]["ip"].string_or("");
      if (is_ip_address(host)) slice.endpoints.push_back({host, true, false});
    }
  }
  return slices;
}

std::vector<Cluster::HostPort> Cluster::read_host_ports(const Object& pod) {
  std::vector<HostPort> found;
  const std::string host = pod.status()["podIP"].string_or("");
  const std::string phase = pod.status()["phase"].string_or("");
  if (!is_ip_address(host) || phase == "Succeeded" || phase == "Failed" || pod.spec()["hostNetwork"].bool_or(false))
    return found;
  for (const char* list : {"initContainers", "containers"}) {
    const doc::Value& containers = pod.spec()[list];
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const doc::Value& ports = containers[i]["ports"];
      for (std::size_t k = 0; k < ports.size(); ++k) {
        const auto protocol = protocol_of(ports[k]);
        const int at = port_of(ports[k]["hostPort"]);
        const int to = port_of(ports[k]["containerPort"]);
        if (!protocol || at == 0 || to == 0) continue;
        std::string node = ports[k]["hostIP"].string_or("");
        if (!is_ip_address(node) || node == "0.0.0.0" || node == "::") node.clear();
        found.push_back({*protocol, {std::move(node), at}, {host, to}});
      }
    }
  }
  return found;
}

bool Cluster::put(const Object& object) {
  const std::string kind = object.kind();
  const objects::Name name = object.name();
  if (kind == kinds::service.kind) {
    Service service = read_service(object);
    const bool says_nothing = service.addresses.empty() || service.ports.empty() || name == api_service;
    return keep(services_, name, std::move(service), says_nothing);
  }
  if (kind == kinds::endpoint_slice.kind) {
    Slice slice = read_slice(object);
    const bool says_nothing = slice.service.name.empty();
    return keep(slices_, name, std::move(slice), says_nothing);
  }
  if (kind == "Endpoints") {
    auto slices = read_endpoints(object);
    const bool says_nothing = slices.empty();
    return keep(endpoints_, name, std::move(slices), says_nothing);
  }
  if (kind == kinds::pod.kind) {
    auto ports = read_host_ports(object);
    const bool says_nothing = ports.empty();
    return keep(host_ports_, name, std::move(ports), says_nothing);
  }
  return false;
}

bool Cluster::remove(const Object& object) {
  const std::string kind = object.kind();
  const objects::Name name = object.name();
  if (kind == kinds::service.kind) return services_.erase(name) > 0;
  if (kind == kinds::endpoint_slice.kind) return slices_.erase(name) > 0;
  if (kind == "Endpoints") return endpoints_.erase(name) > 0;
  return kind == kinds::pod.kind && host_ports_.erase(name) > 0;
}

// Who is ready; where nobody is, who ends and serves still, rather than nobody.
std::vector<Address> Cluster::usable(const Slices& slices, const ServicePort& port) {
  std::vector<Address> ready, draining;
  for (const Slice* slice : slices) {
    for (const ServicePort& target : slice->ports) {
      if (target.name != port.name || target.protocol != port.protocol) continue;
      for (const Endpoint& endpoint : slice->endpoints) {
        if (endpoint.ready) add_once(ready, {endpoint.host, target.port});
        if (endpoint.draining) add_once(draining, {endpoint.host, target.port});
      }
    }
  }
  return ready.empty() ? draining : ready;
}

namespace {

// An endpoint where the proxy itself listens would lead what comes round for ever.
void drop_circles(Rules& rules) {
  std::set<std::pair<Protocol, Address>> ours;
  for (const Rule& rule : rules) {
    for (const Address& at : rule.listen) ours.emplace(rule.protocol, at);
  }
  for (Rule& rule : rules)
    std::erase_if(rule.endpoints, [&](const Address& to) { return ours.contains({rule.protocol, to}); });
}

}  // namespace

Rules Cluster::compile(const std::vector<std::string>& node_addresses) const {
  std::map<objects::Name, Slices> slices_of;
  for (const auto& [name, slice] : slices_) slices_of[slice.service].push_back(&slice);
  for (const auto& [name, slices] : endpoints_) {
    if (slices_of.contains(name)) continue;
    for (const Slice& slice : slices) slices_of[name].push_back(&slice);
  }
  Rules rules;
  for (const auto& [name, service] : services_) {
    for (const ServicePort& port : service.ports) {
      Rule& rule = rules.emplace_back();
      rule.name = name.text() + (port.name.empty() ? "" : ":" + port.name);
      rule.protocol = port.protocol;
      rule.affinity_seconds = service.affinity_seconds;
      for (const std::string& address : service.addresses) rule.listen.push_back({address, port.port});
      if (port.node_port != 0) {
        for (const std::string& address : node_addresses) rule.listen.push_back({address, port.node_port});
      }
      rule.endpoints = usable(slices_of[name], port);
    }
  }
  add_host_ports(rules, node_addresses);
  drop_circles(rules);
  return rules;
}

void Cluster::add_host_ports(Rules& rules, const std::vector<std::string>& node_addresses) const {
  for (const auto& [pod, ports] : host_ports_) {
    for (const HostPort& port : ports) {
      Rule& rule = rules.emplace_back();
      rule.name = "Pod " + pod.text() + ", hostPort " + std::to_string(port.at.port) +
                  (port.at.host.empty() ? "" : " on " + port.at.host);
      rule.protocol = port.protocol;
      rule.endpoints.push_back(port.to);
      if (!port.at.host.empty()) {
        rule.listen.push_back(port.at);
        continue;
      }
      for (const std::string& address : node_addresses) rule.listen.push_back({address, port.at.port});
    }
  }
}

bool need_proxy(const Rules& rules) {
  return std::ranges::any_of(rules, [](const Rule& rule) { return !rule.endpoints.empty() && !rule.listen.empty(); });
}

}  // namespace slipway::services
