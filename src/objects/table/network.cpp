// Services, endpoints, Ingresses and NetworkPolicies.

#include <set>

#include "objects/table/cells.hpp"
#include "objects/table/printer.hpp"

namespace slipway::objects::table {
namespace {

using doc::Value;

constexpr std::size_t shown_at_most = 3;

// The addresses of a load balancer, sorted.
std::string balancer_addresses(const Value& status) {
  std::set<std::string> addresses;
  for (const Value& ingress : elements(status["loadBalancer"]["ingress"])) {
    const std::string ip = text(ingress["ip"]);
    const std::string address = ip.empty() ? text(ingress["hostname"]) : ip;
    if (!address.empty()) addresses.insert(address);
  }
  return joined({addresses.begin(), addresses.end()});
}

std::string external_address(const Value& service) {
  const std::string type = text(service["spec"]["type"]);
  if (type == "ExternalName") return text(service["spec"]["externalName"]);
  std::vector<std::string> given;
  for (const Value& ip : elements(service["spec"]["externalIPs"])) given.push_back(text(ip));
  if (type == "ClusterIP" || type == "NodePort") return given.empty() ? "<none>" : joined(given);
  if (type != "LoadBalancer") return "<unknown>";
  const std::string balancer = balancer_addresses(service["status"]);
  if (!balancer.empty()) given.insert(given.begin(), balancer);
  return given.empty() ? "<pending>" : joined(given);
}

std::string service_ports(const Value& service) {
  std::vector<std::string> ports;
  for (const Value& port : elements(service["spec"]["ports"])) {
    const std::int64_t node_port = count(port["nodePort"]);
    ports.push_back(std::to_string(count(port["port"])) + (node_port > 0 ? ":" + std::to_string(node_port) : "") + "/" +
                    text(port["protocol"]));
  }
  return ports.empty() ? "<none>" : joined(ports);
}

doc::Array service(const Value& object, Time now) {
  const Value& spec = object["spec"];
  const Value& first = spec["clusterIPs"][std::size_t{0}];
  const std::string address = text(first.is_null() ? spec["clusterIP"] : first);
  return {name_of(object),       text(spec["type"]),  address.empty() ? "<none>" : address, external_address(object),
          service_ports(object), age_of(object, now), labels_or_none(spec["selector"])};
}

std::string host_port(const std::string& ip, std::int64_t port) {
  return (ip.find(':') == std::string::npos ? ip : "[" + ip + "]") + ":" + std::to_string(port);
}

doc::Array endpoints(const Value& object, Time now) {
  std::vector<std::string> shown;
  std::size_t counted = 0;
  const auto add = [&](std::string address) {
    if (counted++ < shown_at_most) shown.push_back(std::move(address));
  };
  for (const Value& subset : elements(object["subsets"])) {
    const auto& ports = elements(subset["ports"]);
    const auto& addresses = elements(subset["addresses"]);
    if (ports.empty()) std::ranges::for_each(addresses, [&](const Value& address) { add(text(address["ip"])); });
    for (const Value& port : ports) {
      for (const Value& address : addresses) add(host_port(text(address["ip"]), count(port["port"])));
    }
  }
  const bool none = elements(object["subsets"]).empty();
  return {name_of(object), none ? "<none>" : with_more(shown, counted), age_of(object, now)};
}

std::string or_unset(const std::vector<std::string>& shown, std::size_t counted) {
  const std::string list = with_more(shown, counted);
  return list.empty() ? "<unset>" : list;
}

doc::Array endpoint_slice(const Value& object, Time now) {
  std::vector<std::string> ports;
  for (const Value& port : elements(object["ports"])) {
    if (ports.size() == shown_at_most) break;
    const Value& said = port["port"].is_null() ? port["name"] : port["port"];
    ports.push_back(text_or(said, "*"));
  }
  std::vector<std::string> addresses;
  std::size_t counted = 0;
  for (const Value& endpoint : elements(object["endpoints"])) {
    for (const Value& address : elements(endpoint["addresses"])) {
      if (counted++ < shown_at_most) addresses.push_back(text(address));
    }
  }
  return {name_of(object), text(object["addressType"]), or_unset(ports, object["ports"].size()),
          or_unset(addresses, counted), age_of(object, now)};
}

std::string ingress_hosts(const Value& ingress) {
  const auto& rules = elements(ingress["spec"]["rules"]);
  std::vector<std::string> hosts;
  bool more = false;
  for (const Value& rule : rules) {
    more = more || hosts.size() == shown_at_most;
    if (const std::string host = text(rule["host"]); !more && !host.empty()) hosts.push_back(host);
  }
  if (hosts.empty()) return "*";
  return with_more(hosts, more ? rules.size() : hosts.size());
}

doc::Array ingress(const Value& object, Time now) {
  const Value& spec = object["spec"];
  return {name_of(object),
          text_or(spec["ingressClassName"], "<none>"),
          ingress_hosts(object),
          balancer_addresses(object["status"]),
          spec["tls"].size() > 0 ? "80, 443" : "80",
          age_of(object, now)};
}

doc::Array ingress_class(const Value& object, Time now) {
  std::string parameters = "<none>";
  if (const Value& given = object["spec"]["parameters"]; given.is_object()) {
    const std::string group = given["apiGroup"].is_null() ? "" : "." + text(given["apiGroup"]);
    parameters = text(given["kind"]) + group + "/" + text(given["name"]);
  }
  return {name_of(object), text(object["spec"]["controller"]), parameters, age_of(object, now)};
}

doc::Array network_policy(const Value& object, Time now) {
  return {name_of(object), selector_or_none(object["spec"]["podSelector"]), age_of(object, now)};
}

}  // namespace

std::vector<Printer> network_printers() {
  return {
      {"",
       "Service",
       {name_column(), column("Type", "string", "From where the service can be reached."),
        column("Cluster-IP", "string", "Its address inside of the cluster."),
        column("External-IP", "string", "Its addresses outside of the cluster."),
        column("Port(s)", "string", "Its ports, with those on every node, and their protocols."), age_column(),
        wide_column("Selector", "The labels of the pods behind it.")},
       service},
      {"",
       "Endpoints",
       {name_column(), column("Endpoints", "string", "The addresses behind the service."), age_column()},
       endpoints},
      {"discovery.k8s.io",
       "EndpointSlice",
       {name_column(), column("AddressType", "string", "What kind of addresses it has."),
        column("Ports", "string", "The ports of every address."),
        column("Endpoints", "string", "The addresses behind the service."), age_column()},
       endpoint_slice},
      {"networking.k8s.io",
       "Ingress",
       {name_column(), column("Class", "string", "The IngressClass that serves it."),
        column("Hosts", "string", "The hosts that its rules are for."),
        column("Address", "string", "Where the load balancer is reached."),
        column("Ports", "string", "The ports that are open; 443 with TLS."), age_column()},
       ingress},
      {"networking.k8s.io",
       "IngressClass",
       {name_column(), column("Controller", "string", "Who serves the class."),
        column("Parameters", "string", "An object that says more."), age_column()},
       ingress_class},
      {"networking.k8s.io",
       "NetworkPolicy",
       {name_column(), column("Pod-Selector", "string", "The labels of the pods it is for."), age_column()},
       network_policy},
  };
}

}  // namespace slipway::objects::table
