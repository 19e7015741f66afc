#include "gateway/traffic/snapshot.hpp"

#include "gateway/traffic/parse.hpp"

namespace slipway::gateway::traffic {
namespace {

doc::Value indices_to_json(const std::vector<std::size_t>& indices) {
  doc::Array out;
  for (std::size_t i : indices) out.emplace_back(std::uint64_t{i});
  return out;
}

Result<std::vector<std::size_t>> indices_from_json(const doc::Value& value, std::size_t limit, std::string_view what) {
  std::vector<std::size_t> out;
  if (!value.is_array()) return fail(Code::invalid_argument, "snapshot: " + std::string(what) + " must be an array");
  for (const doc::Value& item : value.as_array()) {
    const std::int64_t index = item.int_or(-1);
    if (index < 0 || static_cast<std::size_t>(index) >= limit) {
      return fail(Code::invalid_argument, "snapshot: " + std::string(what) + " names an element that does not exist");
    }
    out.push_back(static_cast<std::size_t>(index));
  }
  return out;
}

doc::Value to_json(const Backend& backend) {
  doc::Object out{{"namespace", backend.ns},
                  {"service", backend.service},
                  {"port", backend.port},
                  {"subset", backend.subset},
                  {"balance", name_of(backend.load_balancer.balance)}};
  if (!backend.load_balancer.hash_header.empty()) out.set("hashHeader", backend.load_balancer.hash_header);
  const ConnectionPool& pool = backend.connection_pool;
  if (pool.connect_timeout) out.set("connectTimeoutMicros", std::int64_t{pool.connect_timeout->count()});
  const std::pair<const char*, std::int64_t> limits[] = {
      {"maxConnections", pool.max_connections},
      {"http1MaxPendingRequests", pool.http1_max_pending_requests},
      {"http2MaxRequests", pool.http2_max_requests},
      {"maxRequestsPerConnection", pool.max_requests_per_connection}};
  for (const auto& [name, limit] : limits) {
    if (limit != 0) out.set(name, limit);
  }
  if (!backend.problem.empty()) out.set("problem", backend.problem);
  doc::Array endpoints;
  for (const Endpoint& e : backend.endpoints) {
    endpoints.push_back(doc::Object{
        {"pod", e.pod}, {"address", e.address}, {"port", e.port}, {"version", e.version}, {"revision", e.revision}});
  }
  out.set("endpoints", std::move(endpoints));
  return out;
}

Result<Backend> backend_from_json(const doc::Value& value) {
  Backend backend;
  backend.ns = value["namespace"].string_or("");
  backend.service = value["service"].string_or("");
  backend.port = static_cast<int>(value["port"].int_or(0));
  backend.subset = value["subset"].string_or("");
  const std::string balance = value["balance"].string_or("");
  bool known = false;
  for (Balance b : {Balance::least_request, Balance::round_robin, Balance::random, Balance::header_hash}) {
    if (balance != name_of(b)) continue;
    backend.load_balancer.balance = b;
    known = true;
  }
  if (!known) return fail(Code::invalid_argument, "snapshot: unknown balance \"" + balance + "\"");
  backend.load_balancer.hash_header = value["hashHeader"].string_or("");
  ConnectionPool& pool = backend.connection_pool;
  if (value["connectTimeoutMicros"].is_int())
    pool.connect_timeout = core::Duration(value["connectTimeoutMicros"].as_int());
  pool.max_connections = value["maxConnections"].int_or(0);
  pool.http1_max_pending_requests = value["http1MaxPendingRequests"].int_or(0);
  pool.http2_max_requests = value["http2MaxRequests"].int_or(0);
  pool.max_requests_per_connection = value["maxRequestsPerConnection"].int_or(0);
  backend.problem = value["problem"].string_or("");
  const doc::Value& endpoints = value["endpoints"];
  for (std::size_t i = 0; i < endpoints.size() && endpoints.is_array(); ++i) {
    const doc::Value& e = endpoints[i];
    Endpoint endpoint{e["pod"].string_or(""), e["address"].string_or(""), static_cast<int>(e["port"].int_or(0)),
                      e["version"].string_or(""), e["revision"].string_or("")};
    if (endpoint.address.empty() || endpoint.port < 1 || endpoint.port > 65535) {
      return fail(Code::invalid_argument, "snapshot: an endpoint of " + backend.text() + " has no usable address");
    }
    backend.endpoints.push_back(std::move(endpoint));
  }
  return backend;
}

}  // namespace

std::string Backend::text() const {
  std::string out = service + "." + ns + ":" + std::to_string(port);
  if (!subset.empty()) out += "/" + subset;
  return out;
}

std::string Route::text() const {
  return (rule.name.empty() ? "route" : "route \"" + rule.name + "\"") + " (http[" + std::to_string(index) + "]) of " +
         origin;
}

doc::Value to_json(const Snapshot& snapshot) {
  doc::Array backends;
  for (const Backend& backend : snapshot.backends) backends.push_back(to_json(backend));
  doc::Array routes;
  for (const Route& route : snapshot.routes) {
    routes.push_back(doc::Object{{"origin", route.origin},
                                 {"index", std::uint64_t{route.index}},
                                 {"salt", route.salt},
                                 {"http", route.rule.document},
                                 {"backends", indices_to_json(route.backends)}});
  }
  doc::Array hosts;
  for (const VirtualHost& host : snapshot.hosts) {
    hosts.push_back(doc::Object{{"domain", host.domain}, {"routes", indices_to_json(host.routes)}});
  }
  return doc::Object{{"version", snapshot.version},
                     {"backends", std::move(backends)},
                     {"routes", std::move(routes)},
                     {"hosts", std::move(hosts)}};
}

Result<Snapshot> snapshot_from_json(const doc::Value& value) {
  if (!value.is_object() || !value["hosts"].is_array() || !value["routes"].is_array() ||
      !value["backends"].is_array()) {
    return fail(Code::invalid_argument, "not a gateway snapshot");
  }
  Snapshot snapshot;
  snapshot.version = static_cast<std::uint64_t>(value["version"].int_or(0));
  for (const doc::Value& item : value["backends"].as_array()) {
    TRY_ASSIGN(Backend backend, backend_from_json(item));
    snapshot.backends.push_back(std::move(backend));
  }
  for (const doc::Value& item : value["routes"].as_array()) {
    Route route;
    route.origin = item["origin"].string_or("");
    route.index = static_cast<std::size_t>(item["index"].int_or(0));
    route.salt = item["salt"].string_or("");
    TRY_ASSIGN(route.rule, parse_http_route(item["http"], route.origin + " http[" + std::to_string(route.index) + "]"));
    TRY_ASSIGN(route.backends, indices_from_json(item["backends"], snapshot.backends.size(), "routes[].backends"));
    if (route.backends.size() != route.rule.destinations.size()) {
      return fail(Code::invalid_argument,
                  "snapshot: " + route.text() + " has another number of backends than destinations");
    }
    snapshot.routes.push_back(std::move(route));
  }
  for (const doc::Value& item : value["hosts"].as_array()) {
    VirtualHost host;
    host.domain = item["domain"].string_or("");
    TRY_ASSIGN(host.routes, indices_from_json(item["routes"], snapshot.routes.size(), "hosts[].routes"));
    snapshot.hosts.push_back(std::move(host));
  }
  return snapshot;
}

}  // namespace slipway::gateway::traffic
