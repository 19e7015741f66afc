#include "gateway/traffic/parse.hpp"

#include <set>

#include "core/text.hpp"
#include "gateway/traffic/refuse.hpp"

namespace slipway::gateway::traffic {
namespace {

std::string created_of(const objects::Object& object) {
  return object.document()["metadata"]["creationTimestamp"].string_or("");
}

template <class T>
Result<T> finish(Decoder& decoder, const objects::Object& object, T value) {
  if (auto done = decoder.finish(); !done) return fail(std::move(done).error().on(object.text()));
  return value;
}

// A rule that is exported to less than everybody is not one we may guess about.
void check_export(Decoder& decoder, const doc::Value& spec) {
  if (!decoder.has("exportTo")) return;
  for (const std::string& to : decoder.string_list("exportTo")) {
    if (to == "*") continue;
    decoder.add(Error(Code::unimplemented, "spec.exportTo \"" + to + "\" is not supported by the Slipway gateway yet",
                      "only \"*\" is")
                    .at(spec["exportTo"].mark()));
  }
}

GatewayServer parse_server(const doc::Value& value, const std::string& path, Decoder& parent) {
  Decoder d(value, path);
  GatewayServer server;
  server.name = d.string("name");
  server.hosts = d.string_list("hosts");
  if (server.hosts.empty()) d.add(Error(Code::invalid_argument, path + " needs at least one host").at(value.mark()));
  const doc::Value& port_value = d.object("port");
  Decoder p(port_value, path + ".port");
  server.port = static_cast<int>(p.integer("number", 0, {1, 65535}));
  p.ignore("name");
  const std::string protocol = p.string("protocol", "HTTP");
  if (protocol != "HTTP" && protocol != "http") {
    p.add(Error(Code::unimplemented,
                path + ".port.protocol \"" + protocol + "\" is not supported by the Slipway gateway yet",
                "only HTTP is")
              .at(port_value["protocol"].mark()));
  }
  refuse(p, port_value, path + ".port", {"targetPort"});
  hand_up(p, d);
  refuse(d, value, path, {"tls", "bind", "defaultEndpoint"});
  hand_up(d, parent);
  return server;
}

LoadBalancer parse_load_balancer(const doc::Value& value, const std::string& path, Decoder& parent) {
  Decoder d(value, path);
  LoadBalancer out;
  if (d.has("simple")) {
    const std::string simple =
        d.one_of("simple", {"UNSPECIFIED", "LEAST_REQUEST", "LEAST_CONN", "ROUND_ROBIN", "RANDOM"}, "LEAST_REQUEST");
    if (simple == "ROUND_ROBIN") out.balance = Balance::round_robin;
    if (simple == "RANDOM") out.balance = Balance::random;
  }
  if (d.has("consistentHash")) {
    if (d.has("simple")) {
      d.add(Error(Code::invalid_argument, path + " takes simple or consistentHash, not both").at(value.mark()));
    }
    const doc::Value& hash = d.object("consistentHash");
    Decoder h(hash, path + ".consistentHash");
    out.balance = Balance::header_hash;
    out.hash_header = core::in_lower(h.string("httpHeaderName"));
    refuse(h, hash, path + ".consistentHash",
           {"httpCookie", "useSourceIp", "httpQueryParameterName", "ringHash", "maglev", "minimumRingSize"});
    if (out.hash_header.empty() && hash.is_object() && hash.size() == 0) {
      h.add(Error(Code::invalid_argument, path + ".consistentHash needs httpHeaderName").at(hash.mark()));
    }
    hand_up(h, d);
  }
  refuse(d, value, path, {"localityLbSetting", "warmupDurationSecs", "warmup"});
  hand_up(d, parent);
  return out;
}

ConnectionPool parse_connection_pool(const doc::Value& value, const std::string& path, Decoder& parent) {
  Decoder d(value, path);
  ConnectionPool pool;
  if (d.has("tcp")) {
    const doc::Value& tcp = d.object("tcp");
    Decoder t(tcp, path + ".tcp");
    pool.max_connections = t.integer("maxConnections", 0, {0, INT32_MAX});
    if (t.has("connectTimeout")) pool.connect_timeout = t.duration("connectTimeout", core::Duration(0));
    refuse(t, tcp, path + ".tcp", {"tcpKeepalive", "maxConnectionDuration", "idleTimeout"});
    hand_up(t, d);
  }
  if (d.has("http")) {
    const doc::Value& http = d.object("http");
    Decoder h(http, path + ".http");
    pool.http1_max_pending_requests = h.integer("http1MaxPendingRequests", 0, {0, INT32_MAX});
    pool.http2_max_requests = h.integer("http2MaxRequests", 0, {0, INT32_MAX});
    pool.max_requests_per_connection = h.integer("maxRequestsPerConnection", 0, {0, INT32_MAX});
    refuse(h, http, path + ".http",
           {"maxRetries", "idleTimeout", "h2UpgradePolicy", "useClientProtocol", "maxConcurrentStreams"});
    hand_up(h, d);
  }
  hand_up(d, parent);
  return pool;
}

TrafficPolicy parse_policy(Decoder& parent, const std::string& path) {
  TrafficPolicy policy;
  if (!parent.has("trafficPolicy")) return policy;
  const doc::Value& value = parent.object("trafficPolicy");
  const std::string inner = path + ".trafficPolicy";
  Decoder d(value, inner);
  if (d.has("loadBalancer"))
    policy.load_balancer = parse_load_balancer(d.object("loadBalancer"), inner + ".loadBalancer", d);
  if (d.has("connectionPool")) {
    policy.connection_pool = parse_connection_pool(d.object("connectionPool"), inner + ".connectionPool", d);
  }
  refuse(d, value, inner, {"outlierDetection", "tls", "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"});
  hand_up(d, parent);
  return policy;
}

}  // namespace

Result<GatewayRule> parse_gateway(const objects::Object& object) {
  const doc::Value& spec = object.spec();
  Decoder d(spec, "spec");
  GatewayRule gateway;
  gateway.name = object.name();
  d.string_map("selector");  // which Istio proxies serve it; ours is the only one here
  const doc::Value& servers = d.array("servers");
  for (std::size_t i = 0; i < servers.size() && servers.is_array(); ++i) {
    gateway.servers.push_back(parse_server(servers[i], "spec.servers[" + std::to_string(i) + "]", d));
  }
  if (gateway.servers.empty()) d.add(Error(Code::invalid_argument, "spec.servers must not be empty").at(spec.mark()));
  return finish(d, object, std::move(gateway));
}

Result<VirtualService> parse_virtual_service(const objects::Object& object) {
  const doc::Value& spec = object.spec();
  Decoder d(spec, "spec");
  VirtualService service;
  service.name = object.name();
  service.created = created_of(object);
  service.hosts = d.string_list("hosts");
  if (service.hosts.empty()) d.add(Error(Code::invalid_argument, "spec.hosts must not be empty").at(spec.mark()));
  for (std::string& gateway : d.string_list("gateways")) {
    if (gateway != "mesh" && gateway.find('/') == std::string::npos) gateway = service.name.ns + "/" + gateway;
    service.gateways.push_back(std::move(gateway));
  }
  if (service.gateways.empty()) service.gateways.push_back("mesh");
  const doc::Value& http = d.array("http");
  std::set<std::string> names;
  for (std::size_t i = 0; i < http.size() && http.is_array(); ++i) {
    auto route = parse_http_route(http[i], "spec.http[" + std::to_string(i) + "]");
    if (!route) {
      d.add(std::move(route).error());
      continue;
    }
    if (!route->name.empty() && !names.insert(route->name).second) {
      d.add(Error(Code::invalid_argument,
                  "spec.http[" + std::to_string(i) + "]: a second route is named \"" + route->name + "\"")
                .at(http[i]["name"].mark()));
    }
    service.http.push_back(std::move(*route));
  }
  check_export(d, spec);
  refuse(d, spec, "spec", {"tcp", "tls"});
  if (!http.is_array() || http.size() == 0) {
    d.add(Error(Code::invalid_argument, "spec.http must have at least one route").at(spec.mark()));
  }
  return finish(d, object, std::move(service));
}

Result<DestinationRule> parse_destination_rule(const objects::Object& object) {
  const doc::Value& spec = object.spec();
  Decoder d(spec, "spec");
  DestinationRule rule;
  rule.name = object.name();
  rule.created = created_of(object);
  rule.host = d.required_string("host");
  if (rule.host.starts_with('*')) {
    d.add(Error(Code::unimplemented,
                "spec.host \"" + rule.host + "\": wildcards are not supported by the Slipway gateway yet",
                "name one Service")
              .at(spec["host"].mark()));
  }
  rule.policy = parse_policy(d, "spec");
  const doc::Value& subsets = d.array("subsets");
  std::set<std::string> names;
  for (std::size_t i = 0; i < subsets.size() && subsets.is_array(); ++i) {
    const std::string path = "spec.subsets[" + std::to_string(i) + "]";
    Decoder s(subsets[i], path);
    SubsetRule subset;
    subset.name = s.required_string("name");
    subset.labels = s.string_map("labels");
    subset.policy = parse_policy(s, path);
    if (!names.insert(subset.name).second) s.add("name", "a second subset is named \"" + subset.name + "\"");
    hand_up(s, d);
    rule.subsets.push_back(std::move(subset));
  }
  check_export(d, spec);
  refuse(d, spec, "spec", {"workloadSelector"});
  return finish(d, object, std::move(rule));
}

std::optional<objects::Name> resolve_host(std::string_view host, std::string_view rule_namespace) {
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos) return objects::Name{std::string(rule_namespace), std::string(host)};
  static constexpr std::string_view suffix = ".svc.cluster.local";
  if (!host.ends_with(suffix)) return std::nullopt;
  const std::string_view both = host.substr(0, host.size() - suffix.size());
  const std::size_t middle = both.find('.');
  if (middle == std::string_view::npos || both.find('.', middle + 1) != std::string_view::npos) return std::nullopt;
  return objects::Name{std::string(both.substr(middle + 1)), std::string(both.substr(0, middle))};
}

}  // namespace slipway::gateway::traffic
