#include "gateway/traffic/match.hpp"

#include "core/text.hpp"

namespace slipway::gateway::traffic {
namespace {

bool same_domain(const std::string& domain, const std::string& host) {
  if (domain == "*" || domain == host) return true;
  return domain.starts_with("*.") && host.size() > domain.size() - 1 && host.ends_with(domain.substr(1));
}

std::optional<std::string_view> find_header(const core::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (core::equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

// "" when it matches, else the condition that failed.
std::string mismatch(const HttpMatch& match, const RequestView& request) {
  const auto said = [](std::string_view what, const StringMatch& m, std::string_view value) {
    return std::string(what) + " " + m.render() + " does not match \"" + std::string(value) + "\"";
  };
  if (match.uri && !match.uri->matches(request.path(), match.ignore_uri_case))
    return said("uri", *match.uri, request.path());
  if (match.method && !match.method->matches(request.method)) return said("method", *match.method, request.method);
  if (match.authority && !match.authority->matches(request.authority)) {
    return said("authority", *match.authority, request.authority);
  }
  for (const auto& [name, condition] : match.headers) {
    const auto value = request.headers ? find_header(*request.headers, name) : std::nullopt;
    if (!value) return "header " + name + " is absent";
    if (!condition.matches(*value)) return said("header " + name, condition, *value);
  }
  return {};
}

}  // namespace

std::string host_of(std::string_view authority) {
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return core::in_lower(authority.substr(0, colon));
}

Matched match(const Snapshot& snapshot, const RequestView& request, std::vector<std::string>* explanation) {
  const auto say = [&](auto&&... parts) {
    if (explanation) explanation->push_back((std::string() + ... + std::string(parts)));
  };
  const std::string host = host_of(request.authority);
  for (const VirtualHost& candidate : snapshot.hosts) {
    if (!same_domain(candidate.domain, host)) continue;
    say("host \"", host, "\": served as \"", candidate.domain, "\"");
    for (std::size_t index : candidate.routes) {
      const Route& route = snapshot.routes[index];
      if (route.rule.matches.empty()) {
        say(route.text(), ": matches every request");
        return {&route, nullptr};
      }
      for (const HttpMatch& block : route.rule.matches) {
        const std::string reason = mismatch(block, request);
        if (reason.empty()) {
          say(route.text(), ": matched");
          return {&route, &block};
        }
        if (explanation) say(route.text(), ": ", reason);
      }
    }
    say("no route of host \"", candidate.domain, "\" matches: 404");
    return {};
  }
  say("host \"", host, "\" is not served by any Gateway and VirtualService: 404");
  return {};
}

}  // namespace slipway::gateway::traffic
