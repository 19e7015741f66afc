#include "gateway/proxy/reply.hpp"

#include "core/doc.hpp"
#include "gateway/http1/message.hpp"
#include "net/headers.hpp"

namespace slipway::gateway::proxy {

Reply error_reply(int status, std::string_view code, std::string_view message) {
  const std::string_view type = status == 504   ? "timeout_error"
                                : status >= 500 ? "server_error"
                                                : "invalid_request_error";
  const doc::Value body =
      doc::Object{{"error", doc::Object{{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}}}};
  return {status, {{"content-type", "application/json"}}, core::doc::render_json(body)};
}

Reply text_reply(int status, std::string body, std::string_view content_type) {
  return {status, {{"content-type", std::string(content_type)}}, std::move(body)};
}

std::string render(Reply reply, bool keep_alive, bool head_only) {
  net::set_header(reply.headers, "server", "slipway");
  if (reply.status != 204 && reply.status != 304)
    net::set_header(reply.headers, "content-length", std::to_string(reply.body.size()));
  net::set_header(reply.headers, "connection", keep_alive ? "keep-alive" : "close");
  std::string out = http1::render_response(reply.status, reply.headers);
  if (!head_only && reply.status != 204 && reply.status != 304) out += reply.body;
  return out;
}

}  // namespace slipway::gateway::proxy
