#include "gateway/traffic/rewrite.hpp"

#include <algorithm>

#include "net/headers.hpp"

namespace slipway::gateway::traffic {

std::string rewritten_target(const Matched& matched, std::string_view target) {
  const auto& rewrite = matched.route->rule.rewrite_uri;
  if (!rewrite) return std::string(target);
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark);
  // Without a uri condition Istio's route is prefix "/".
  const StringMatch* uri = matched.match && matched.match->uri ? &*matched.match->uri : nullptr;
  std::string out = *rewrite;
  if (!uri)
    out += path.substr(std::min<std::size_t>(1, path.size()));
  else if (uri->kind == StringMatch::Kind::prefix)
    out += path.substr(std::min(uri->text.size(), path.size()));
  if (out.empty() || out[0] != '/') out.insert(out.begin(), '/');
  out += query;
  return out;
}

void apply(const HeaderOperations& operations, core::Headers& headers) {
  for (const std::string& name : operations.remove) net::remove_header(headers, name);
  for (const auto& [name, value] : operations.set) net::set_header(headers, name, value);
  for (const auto& [name, value] : operations.add) {
    if (name == "host") net::remove_header(headers, name);  // two Host headers would be malformed
    headers.emplace_back(name, value);
  }
}

void apply_request_rules(const Route& route, std::size_t destination, core::Headers& headers) {
  const HttpRoute& rule = route.rule;
  const HeaderOperations& own = rule.destinations[destination].request_headers;
  const bool single = rule.destinations.size() == 1;
  apply(single ? rule.request_headers : own, headers);
  apply(single ? own : rule.request_headers, headers);
  if (rule.rewrite_authority) net::set_header(headers, "host", *rule.rewrite_authority);
}

void apply_response_rules(const Route& route, std::size_t destination, core::Headers& headers) {
  const HttpRoute& rule = route.rule;
  const HeaderOperations& own = rule.destinations[destination].response_headers;
  const bool single = rule.destinations.size() == 1;
  apply(single ? rule.response_headers : own, headers);
  apply(single ? own : rule.response_headers, headers);
}

std::string redirect_location(const Redirect& redirect, const RequestView& request) {
  const std::string scheme = redirect.scheme.empty() ? "http" : redirect.scheme;
  std::string authority = redirect.authority.empty() ? std::string(request.authority) : redirect.authority;
  const std::string_view standard_port = scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(standard_port)) authority.resize(authority.size() - standard_port.size());
  std::string target(request.target);
  if (!redirect.uri.empty()) {
    const std::size_t mark = request.target.find('?');
    target = redirect.uri;
    if (mark != std::string_view::npos && target.find('?') == std::string::npos) target += request.target.substr(mark);
  }
  return scheme + "://" + authority + target;
}

}  // namespace slipway::gateway::traffic
