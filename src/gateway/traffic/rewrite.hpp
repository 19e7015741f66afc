#pragma once
// What a route does to a request and its response on their way: header operations, rewrites, redirects. Pure.

#include "gateway/traffic/match.hpp"

namespace slipway::gateway::traffic {

// The target for the upstream. A prefix match replaces the prefix alone ("/foo" -> "/" makes "//bar" of "/foo/bar", as
// Envoy does); exact and regex replace the whole path; the query stays.
std::string rewritten_target(const Matched& matched, std::string_view target);

// Route and destination operations (including Host), then rewrite.authority. With one destination the destination's
// operations come last and win; with several the route's do.
void apply_request_rules(const Route& route, std::size_t destination, core::Headers& headers);
void apply_response_rules(const Route& route, std::size_t destination, core::Headers& headers);

// remove, then set (overwrite), then add (append).
void apply(const HeaderOperations& operations, core::Headers& headers);

// The Location of a redirect route.
std::string redirect_location(const Redirect& redirect, const RequestView& request);

}  // namespace slipway::gateway::traffic
