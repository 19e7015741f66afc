#include "gateway/traffic/split.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace slipway::gateway::traffic {

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t h = 14695981039346656037ULL ^ seed;
  for (char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 1099511628211ULL;
  }
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

double bucket_of(std::string_view salt, std::string_view key) {
  std::string text(salt);
  text.push_back('\0');
  text.append(key);
  return static_cast<double>(stable_hash(text) >> 11) * 0x1.0p-53;
}

std::optional<std::size_t> pick_sticky(double point, std::span<const int> weights) {
  const std::int64_t total = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  if (total <= 0) return std::nullopt;
  std::int64_t below = 0;
  std::optional<std::size_t> last;
  for (std::size_t i = weights.size(); i-- > 0;) {
    if (weights[i] <= 0) continue;
    below += weights[i];
    last = i;
    if (point < static_cast<double>(below) / static_cast<double>(total)) return i;
  }
  return last;
}

bool has_session_header(const core::Headers& headers) {
  return !core::header(headers, "x-session-id").empty() || !core::header(headers, "x-user").empty();
}

SessionKey session_key(const core::Headers& headers, std::string_view body) {
  if (auto value = core::header(headers, "x-session-id"); !value.empty()) {
    return {SessionKey::Source::session_header, std::string(value)};
  }
  if (auto value = core::header(headers, "x-user"); !value.empty()) {
    return {SessionKey::Source::user_header, std::string(value)};
  }
  if (auto user = top_level_string(body, "user"); user && !user->empty()) return {SessionKey::Source::body, *user};
  return {};
}

bool is_split(const Route& route) {
  return std::count_if(route.rule.destinations.begin(), route.rule.destinations.end(),
                       [](const Destination& d) { return d.weight > 0; }) > 1;
}

std::size_t pick_destination(const Route& route, const SessionKey& key, double random_point) {
  if (route.rule.destinations.size() == 1) return 0;  // gets everything, whatever its weight
  std::vector<int> weights;
  for (const Destination& destination : route.rule.destinations) weights.push_back(destination.weight);
  const double point = key.source == SessionKey::Source::none ? random_point : bucket_of(route.salt, key.text);
  return pick_sticky(point, weights).value_or(0);
}

}  // namespace slipway::gateway::traffic
