#pragma once
// Splits traffic between weighted subsets so that one user always lands on the same subset and raising the canary's
// weight never moves a user back. Pure. Not for load balancing inside a subset (balance.hpp).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/world/world.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::traffic {

// FNV-1a over 64 bits with MurmurHash3's finaliser. Part of the contract: every gateway, and every later version,
// must put a user in the same bucket.
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0);

// Where a user stands in [0, 1). `salt` (Route::salt) makes the order of users differ from route to route.
double bucket_of(std::string_view salt, std::string_view key);

// The destination whose share holds `point`, in [0, 1). Shares are laid out from the last destination to the first, so
// the last one (by convention the canary) holds the low end and only ever grows upwards. Weights are relative to
// their sum; zero weights are skipped. nullopt only when every weight is zero.
std::optional<std::size_t> pick_sticky(double point, std::span<const int> weights);

// Who is asking: x-session-id, else x-user, else the member "user" of an OpenAI body, else nobody.
struct SessionKey {
  enum class Source { session_header, user_header, body, none } source = Source::none;
  std::string text;
};
// `body` may be the beginning of a longer one.
SessionKey session_key(const core::Headers& headers, std::string_view body);
bool has_session_header(const core::Headers& headers);

// True when the body may be needed to split this route's traffic: two or more destinations have a weight.
bool is_split(const Route& route);
// The destination of this request; `random_point` in [0, 1) serves those without a key.
std::size_t pick_destination(const Route& route, const SessionKey& key, double random_point);

// The string value of a member of the outermost object, from a whole JSON text or its beginning. nullopt when it is
// absent, not a string, or not there yet.
std::optional<std::string> top_level_string(std::string_view json, std::string_view member);

}  // namespace slipway::gateway::traffic
