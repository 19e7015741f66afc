#pragma once
// What Istio's Gateway, VirtualService and DestinationRule say, as values. Parsing is in parse.hpp; what became of
// them for the data plane is a Snapshot (snapshot.hpp).

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/doc.hpp"
#include "core/regex.hpp"
#include "objects/object.hpp"

namespace slipway::gateway::traffic {

// `present` is `{}` or regex "*" in a header match: any value.
struct StringMatch {
  enum class Kind { exact, prefix, regex, present };
  Kind kind = Kind::present;
  std::string text;
  std::shared_ptr<const core::Regex> regex;

  bool matches(std::string_view value, bool ignore_case = false) const;
  std::string render() const;  // `prefix "/v1"`
};

// One element of http[].match: every condition must hold.
struct HttpMatch {
  std::optional<StringMatch> uri;  // of the path without the query; prefix is a raw string prefix
  bool ignore_uri_case = false;    // exact and prefix only
  std::optional<StringMatch> method;
  std::optional<StringMatch> authority;
  std::vector<std::pair<std::string, StringMatch>> headers;  // names in lower case

  // No condition, or one that every request meets: prefix "/" or regex ".*" and nothing else.
  bool is_catch_all() const;
};

struct HeaderOperations {
  std::vector<std::string> remove;
  std::vector<std::pair<std::string, std::string>> set;  // overwrite
  std::vector<std::pair<std::string, std::string>> add;  // append
  bool empty() const { return remove.empty() && set.empty() && add.empty(); }
};

struct Destination {
  std::string host;  // as written; resolve_host() completes it
  std::string subset;
  int port = 0;  // the Service's port; 0: its only one
  int weight = 0;
  HeaderOperations request_headers, response_headers;
};

struct Redirect {
  std::string uri, authority, scheme;  // empty: the request's
  int code = 301;
};
struct DirectResponse {
  int status = 200;
  std::string body;
};

// One element of http[]. Exactly one of destinations, redirect and direct_response is given.
struct HttpRoute {
  std::string name;
  std::vector<HttpMatch> matches;  // any of them; none: every request
  std::vector<Destination> destinations;
  std::optional<Redirect> redirect;
  std::optional<DirectResponse> direct_response;
  std::optional<std::string> rewrite_uri;
  std::optional<std::string> rewrite_authority;
  HeaderOperations request_headers, response_headers;
  std::optional<core::Duration> timeout;  // absent or 0: none
  int retries = 1;                        // on connect failure, or a kept connection that was dead
  doc::Value document;                    // as written: what travels in a snapshot

  bool is_catch_all() const;
};

struct VirtualService {
  objects::Name name;
  std::string created;  // RFC 3339, orders services that share a host
  std::vector<std::string> hosts;
  std::vector<std::string> gateways;  // "ns/name", completed; or "mesh"
  std::vector<HttpRoute> http;
};

struct GatewayServer {
  std::string name;
  int port = 0;                    // recorded: one process has one listener
  std::vector<std::string> hosts;  // "ns/dnsName" or "dnsName"
};
struct GatewayRule {
  objects::Name name;
  std::vector<GatewayServer> servers;
};

enum class Balance { least_request, round_robin, random, header_hash };
std::string_view name_of(Balance balance);  // "LEAST_REQUEST", "consistentHash"

struct LoadBalancer {
  Balance balance = Balance::least_request;
  std::string hash_header;  // for header_hash, lower case
  bool operator==(const LoadBalancer&) const = default;
};
// Recorded in the snapshot; only connect_timeout has an effect today (compile() warns of the others).
struct ConnectionPool {
  std::optional<core::Duration> connect_timeout;
  std::int64_t max_connections = 0;  // 0: no limit
  std::int64_t http1_max_pending_requests = 0;
  std::int64_t http2_max_requests = 0;
  std::int64_t max_requests_per_connection = 0;
  bool has_limits() const {
    return max_connections != 0 || http1_max_pending_requests != 0 || http2_max_requests != 0 ||
           max_requests_per_connection != 0;
  }
  bool operator==(const ConnectionPool&) const = default;
};
struct TrafficPolicy {
  std::optional<LoadBalancer> load_balancer;      // absent: inherited
  std::optional<ConnectionPool> connection_pool;  // inherited block by block
};
struct SubsetRule {
  std::string name;
  std::map<std::string, std::string> labels;
  TrafficPolicy policy;
};
struct DestinationRule {
  objects::Name name;
  std::string created;
  std::string host;
  TrafficPolicy policy;
  std::vector<SubsetRule> subsets;
};

}  // namespace slipway::gateway::traffic
