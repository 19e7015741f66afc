#pragma once
// Inside proxy/: the answers that the gateway gives itself. Errors have OpenAI's shape, so that every client library
// shows their sentence: {"error":{"message","type","param","code"}}.

#include <string>

#include "core/world/world.hpp"

namespace slipway::gateway::proxy {

struct Reply {
  int status = 200;
  core::Headers headers;
  std::string body;
};

Reply error_reply(int status, std::string_view code, std::string_view message);
Reply text_reply(int status, std::string body, std::string_view content_type = "text/plain; charset=utf-8");

// The whole message. `keep_alive` false adds Connection: close; `head_only` leaves the body out (HEAD).
std::string render(Reply reply, bool keep_alive, bool head_only = false);

}  // namespace slipway::gateway::proxy
