#include "pods/connect/proxy_target.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/text.hpp"
#include "net/http.hpp"
#include "pods/connect/context.hpp"

namespace slipway::pods::connect {
namespace {

constexpr std::array<std::string_view, 9> of_a_connection = {
    "connection",          "keep-alive",       "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "te",
    "transfer-encoding",   "trailer",          "upgrade"};
// The client makes its own; or they are a secret between the client and us.
constexpr std::array<std::string_view, 5> not_for_peer = {"host", "content-length", "authorization", "cookie",
                                                          "expect"};
// What a server may say of its own origin only: here it would be ours.
constexpr std::array<std::string_view, 8> not_for_client = {
    "content-length", "set-cookie", "clear-site-data",        "strict-transport-security",
    "alt-svc",        "refresh",    "service-worker-allowed", "public-key-pins"};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view lower) {
  return std::ranges::find(names, lower) != names.end();
}

// What the Connection header lists is of the connection too.
std::set<std::string> listed_in_connection(const core::Headers& headers) {
  std::set<std::string> names;
  for (const auto& [name, value] : headers) {
    if (!core::equal_ignoring_case(name, "connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      names.insert(core::in_lower(core::trimmed(rest.substr(0, comma))));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return names;
}

}  // namespace

std::optional<ProxyName> parse_proxy_name(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto colon = text.find(':');
    parts.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  ProxyName name;
  if (parts.size() == 3) {
    if (!parts[0].empty() && parts[0] != "http" && parts[0] != "https") return std::nullopt;
    name.is_https = parts[0] == "https";
    parts.erase(parts.begin());
  }
  if (parts.size() > 2 || parts[0].empty()) return std::nullopt;
  name.name = parts[0];
  if (parts.size() == 2) name.port = parts[1];
  return name;
}

std::optional<std::string> proxied_target(std::string_view target) {
  const auto query = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, query);
  // /api/v1/namespaces/NS/PLURAL/NAME/proxy: the seventh segment; empty ones do not count.
  int segment = 0;
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    const auto end = std::min(path.find('/'), path.size());
    const auto text = path.substr(0, end);
    path.remove_prefix(end);
    if (++segment < 7) continue;
    if (text != "proxy") return std::nullopt;
    return (path.empty() ? "/" : std::string(path)) + std::string(target.substr(query));
  }
  return std::nullopt;
}

core::Headers headers_for_peer(const core::Headers& headers) {
  const auto listed = listed_in_connection(headers);
  core::Headers kept;
  for (const auto& [name, value] : headers) {
    const std::string lower = core::in_lower(name);
    if (is_among(of_a_connection, lower) || is_among(not_for_peer, lower) || listed.contains(lower)) continue;
    if (lower.starts_with("x-slipway-") || lower.starts_with("impersonate-") || lower.starts_with("sec-websocket-"))
      continue;
    kept.emplace_back(name, value);
  }
  return kept;
}

core::Headers headers_for_client(const core::Headers& headers) {
  const auto listed = listed_in_connection(headers);
  core::Headers kept;
  for (const auto& [name, value] : headers) {
    const std::string lower = core::in_lower(name);
    if (is_among(of_a_connection, lower) || is_among(not_for_client, lower) || listed.contains(lower)) continue;
    if (lower.starts_with("access-control-") || lower == "date") continue;
    kept.emplace_back(name, value);
  }
  kept.emplace_back("Content-Security-Policy", "sandbox");
  kept.emplace_back("X-Content-Type-Options", "nosniff");
  return kept;
}

std::optional<std::string> endpoint_port_name(const objects::Object& service, const std::string& port) {
  const doc::Value& ports = service.spec()["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string name = ports[i]["name"].string_or("");
    if (port.empty() ? ports.size() == 1 || name.empty()
                     : port == name || port_of(port) == static_cast<int>(ports[i]["port"].int_or(0))) {
      return name;
    }
  }
  return std::nullopt;
}

std::vector<std::string> ready_addresses(const objects::Object& slice, const std::string& port_name) {
  std::int64_t number = 0;
  const doc::Value& ports = slice.document()["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i]["name"].string_or("") == port_name) number = ports[i]["port"].int_or(0);
  }
  std::vector<std::string> addresses;
  if (number <= 0) return addresses;
  const doc::Value& endpoints = slice.document()["endpoints"];
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (!endpoints[i]["conditions"]["ready"].bool_or(true)) continue;
    for (std::size_t k = 0; k < endpoints[i]["addresses"].size(); ++k)
      addresses.push_back(endpoints[i]["addresses"][k].string_or("") + ":" + std::to_string(number));
  }
  return addresses;
}

std::optional<int> pod_port(const objects::Object& pod, const ProxyName& name) {
  if (!name.port.empty()) return port_of(name.port);
  const doc::Value& containers = pod.spec()["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    if (const auto port = containers[i]["ports"][std::size_t{0}]["containerPort"].int_or(0); port > 0)
      return static_cast<int>(port);
  }
  return name.is_https ? 443 : 80;
}

}  // namespace slipway::pods::connect
