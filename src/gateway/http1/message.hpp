#pragma once
// The head of an HTTP/1.1 message, and how heads and chunks are written. Bytes only; no sockets.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/world/world.hpp"

namespace slipway::gateway::http1 {

struct Head {
  std::string method, target;  // requests
  int status = 0;              // responses
  std::string reason;
  int minor_version = 1;  // HTTP/1.x
  core::Headers headers;  // as sent, hop-by-hop ones included
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

inline constexpr std::size_t max_head_bytes = 64 * 1024;

// Connection and what it names, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade, and Content-Length, which
// who writes the message sets again (RFC 9110 7.6.1).
void remove_hop_by_hop(core::Headers& headers);

std::string render_request(std::string_view method, std::string_view target, const core::Headers& headers);
std::string render_response(int status, const core::Headers& headers);
void append_chunk(std::string& out, std::string_view bytes);  // nothing for no bytes
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace slipway::gateway::http1
