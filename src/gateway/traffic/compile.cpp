#include "gateway/traffic/compile.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/text.hpp"
#include "gateway/traffic/backends.hpp"

namespace slipway::gateway::traffic {
namespace {

// "*.example.com" covers "a.example.com" and "*.a.example.com"; "*" covers everything.
bool covers(std::string_view wide, std::string_view narrow) {
  if (wide == "*" || wide == narrow) return true;
  return wide.starts_with("*.") && narrow.size() > wide.size() - 1 && narrow.ends_with(wide.substr(1));
}

// The narrower of the two when they intersect.
std::optional<std::string> intersect(const std::string& a, const std::string& b) {
  if (covers(a, b)) return b;
  if (covers(b, a)) return a;
  return std::nullopt;
}

// "ns/dnsName": which namespaces' services may use the host ("." the gateway's own, "*" any).
bool admits(const std::string& server_host, const std::string& gateway_ns, const std::string& service_ns,
            std::string& dns) {
  const std::size_t slash = server_host.find('/');
  dns = core::in_lower(slash == std::string::npos ? server_host : server_host.substr(slash + 1));
  if (slash == std::string::npos) return true;
  const std::string ns = server_host.substr(0, slash);
  return ns == "*" || ns == service_ns || (ns == "." && gateway_ns == service_ns);
}

// The domains under which our gateway serves this service.
std::vector<std::string> domains_of(const VirtualService& service, const Inputs& inputs, std::vector<Error>& warnings) {
  const std::string object = "VirtualService " + service.name.text();
  std::set<std::string> domains;
  bool any_gateway = false;
  for (const std::string& reference : service.gateways) {
    if (reference == "mesh") continue;
    any_gateway = true;
    const std::size_t slash = reference.find('/');
    const objects::Name name{reference.substr(0, slash), reference.substr(slash + 1)};
    const auto gateway = inputs.gateways.find(name);
    if (gateway == inputs.gateways.end()) {
      warnings.push_back(Error(Code::not_found, "there is no Gateway " + name.text()).on(object));
      continue;
    }
    std::size_t before = domains.size();
    for (const GatewayServer& server : gateway->second.servers) {
      for (const std::string& server_host : server.hosts) {
        std::string dns;
        if (!admits(server_host, name.ns, service.name.ns, dns)) continue;
        for (const std::string& host : service.hosts) {
          if (auto domain = intersect(core::in_lower(host), dns)) domains.insert(*domain);
        }
      }
    }
    if (domains.size() == before) {
      warnings.push_back(
          Error(Code::failed_precondition, "none of its hosts is a host of Gateway " + name.text()).on(object));
    }
  }
  if (!any_gateway) {
    warnings.push_back(Error(Code::failed_precondition, "it is bound to the mesh only, so no gateway serves it",
                             "name a Gateway in spec.gateways")
                           .on(object));
  }
  return {domains.begin(), domains.end()};
}

void warn_of_traps(const VirtualService& service, std::vector<Error>& warnings) {
  const std::string object = "VirtualService " + service.name.text();
  for (std::size_t i = 0; i + 1 < service.http.size(); ++i) {
    if (!service.http[i].is_catch_all()) continue;
    warnings.push_back(Error(Code::failed_precondition,
                             "http[" + std::to_string(i) + "] matches every request, so http[" + std::to_string(i + 1) +
                                 "] and later are never reached",
                             "move it to the end")
                           .on(object));
    break;
  }
}

void warn_of_limits(const DestinationRule& rule, std::vector<Error>& warnings) {
  const auto has_limits = [](const TrafficPolicy& policy) {
    return policy.connection_pool && policy.connection_pool->has_limits();
  };
  const bool any = has_limits(rule.policy) || std::any_of(rule.subsets.begin(), rule.subsets.end(),
                                                          [&](const auto& s) { return has_limits(s.policy); });
  if (!any) return;
  warnings.push_back(Error(Code::unimplemented,
                           "the limits of its connectionPool are recorded and not enforced by the Slipway gateway yet",
                           "only connectTimeout has an effect")
                         .on("DestinationRule " + rule.name.text()));
}

int host_rank(const std::string& domain) { return domain == "*" ? 2 : domain.starts_with('*') ? 1 : 0; }

}  // namespace

Compiled compile(const Inputs& inputs) {
  Compiled out;
  Backends backends(inputs);
  for (const auto& [name, rule] : inputs.destination_rules) warn_of_limits(rule, out.warnings);
  std::vector<const VirtualService*> services;
  for (const auto& [name, service] : inputs.virtual_services) services.push_back(&service);
  std::stable_sort(services.begin(), services.end(), [](const auto* a, const auto* b) {
    return std::tie(a->created, a->name) < std::tie(b->created, b->name);
  });

  std::map<std::string, std::vector<std::size_t>> ordinary, catch_all;  // by domain, in order of the services
  for (const VirtualService* service : services) {
    const auto domains = domains_of(*service, inputs, out.warnings);
    warn_of_traps(*service, out.warnings);
    if (domains.empty()) continue;
    const std::string object = "VirtualService " + service->name.text();
    for (std::size_t i = 0; i < service->http.size(); ++i) {
      Route route;
      route.origin = object;
      route.index = i;
      route.rule = service->http[i];
      route.salt = service->name.text() + "/" + (route.rule.name.empty() ? std::to_string(i) : route.rule.name);
      for (const Destination& destination : route.rule.destinations) {
        route.backends.push_back(backends.of(destination, service->name.ns, object, out.warnings));
        if (route.rule.destinations.size() > 1 &&
            backends.at(route.backends.back()).load_balancer.balance == Balance::header_hash) {
          out.warnings.push_back(Error(Code::failed_precondition,
                                       "consistentHash chooses an endpoint inside a subset; it does not "
                                       "keep a user in one of several weighted subsets",
                                       "send x-session-id or x-user: the "
                                       "split itself is sticky by them")
                                     .on(object));
        }
      }
      const bool last = route.rule.is_catch_all();
      for (const std::string& domain : domains) {
        (last ? catch_all : ordinary)[domain].push_back(out.snapshot.routes.size());
        ordinary[domain];
      }
      out.snapshot.routes.push_back(std::move(route));
      if (last) break;  // a catch-all ends the translation
    }
  }
  for (auto& [domain, routes] : ordinary) {
    const auto& end = catch_all[domain];
    routes.insert(routes.end(), end.begin(), end.end());
    out.snapshot.hosts.push_back({domain, std::move(routes)});
  }
  std::stable_sort(out.snapshot.hosts.begin(), out.snapshot.hosts.end(), [](const auto& a, const auto& b) {
    const int x = host_rank(a.domain), y = host_rank(b.domain);
    return x != y ? x < y : x == 1 && a.domain.size() > b.domain.size();
  });
  out.snapshot.backends = backends.take();
  return out;
}

}  // namespace slipway::gateway::traffic
