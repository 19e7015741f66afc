#include "objects/api/health.hpp"

#include <algorithm>

#include "core/log.hpp"

namespace slipway::objects::api {
namespace {

net::Response plain(int status, std::string text) {
  auto response = net::Response::text(status, std::move(text));
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

std::vector<std::string> excluded_in(const net::Request& request) {
  std::vector<std::string> names;
  for (const auto& [key, value] : request.query) {
    if (key == "exclude") names.push_back(value);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

bool is_verbose(const net::Request& request) {
  return std::ranges::any_of(request.query, [](const auto& parameter) { return parameter.first == "verbose"; });
}

std::string no_matches(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "\"" : ",\"") + name + "\"";
  return "warn: some health checks cannot be excluded: no matches for " + all + "\n";
}

// Why is for the log alone: everybody may ask for health.
bool passes(const HealthCheck& check) {
  if (!check.look) return true;
  const auto seen = check.look();
  if (!seen) log::error("objects", "a health check failed", {{"check", check.name}, {"why", seen.error().one_line()}});
  return seen.has_value();
}

net::Response answer_all(std::string_view kind, const net::Request& request, const std::vector<HealthCheck>& checks) {
  auto excluded = excluded_in(request);
  std::string lines;
  bool is_well = true;
  for (const HealthCheck& check : checks) {
    if (std::erase(excluded, check.name) > 0) {
      lines += "[+]" + check.name + " excluded: ok\n";
    } else if (passes(check)) {
      lines += "[+]" + check.name + " ok\n";
    } else {
      lines += "[-]" + check.name + " failed: reason withheld\n";
      is_well = false;
    }
  }
  if (!excluded.empty()) lines += no_matches(excluded);
  if (!is_well) return plain(500, lines + std::string(kind) + " check failed\n");
  return plain(200, is_verbose(request) ? lines + std::string(kind) + " check passed\n" : "ok");
}

}  // namespace

std::optional<net::Response> answer_health(const net::Request& request, const std::vector<HealthCheck>& checks) {
  std::string_view path = request.path;
  for (const std::string_view kind : {"healthz", "livez", "readyz"}) {
    if (!path.substr(1).starts_with(kind)) continue;
    path.remove_prefix(1 + kind.size());
    std::vector<HealthCheck> asked = checks;
    if (kind != "readyz") std::erase_if(asked, &HealthCheck::is_of_readiness);
    if (path.empty() || path == "/") return answer_all(kind, request, asked);
    const auto check = std::ranges::find(asked, path.substr(1), &HealthCheck::name);
    if (check == asked.end()) return std::nullopt;
    if (passes(*check)) return plain(200, "ok");
    return plain(500, "internal server error: " + check->name + " failed\n");
  }
  return std::nullopt;
}

}  // namespace slipway::objects::api
