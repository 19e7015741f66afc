#pragma once
// Which route a request takes, and why. Pure; safe from any thread.

#include "core/world/world.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::traffic {

struct RequestView {
  std::string_view method;
  std::string_view authority;  // the Host header, with or without a port
  std::string_view target;     // path and query as sent
  const core::Headers* headers = nullptr;

  std::string_view path() const { return target.substr(0, target.find('?')); }
};

struct Matched {
  const Route* route = nullptr;      // null: nothing matched; answer 404
  const HttpMatch* match = nullptr;  // the block that matched; null when the route has none
};
// First match in list order wins. `explanation` gets one line a step: what was tried and why it did not match.
Matched match(const Snapshot& snapshot, const RequestView& request, std::vector<std::string>* explanation = nullptr);

// "chat.example.com:8080" -> "chat.example.com", in lower case; "[::1]:80" -> "[::1]".
std::string host_of(std::string_view authority);

}  // namespace slipway::gateway::traffic
