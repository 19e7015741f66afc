// From a request to a WebSocket: RFC 6455, section 4.2.

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "core/digest.hpp"
#include "core/text.hpp"
#include "net/impl/websocket_session.hpp"
#include "net/websocket.hpp"

namespace slipway::net {
namespace {

// Of every header of that name.
std::vector<std::string> list_of(const core::Headers& headers, std::string_view name) {
  std::vector<std::string> items;
  for (const auto& [key, value] : headers) {
    if (!core::equal_ignoring_case(key, name)) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view item = core::trimmed(rest.substr(0, comma));
      if (!item.empty()) items.emplace_back(item);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return items;
}

bool has_item(const core::Headers& headers, std::string_view name, std::string_view wanted) {
  const auto items = list_of(headers, name);
  return std::any_of(items.begin(), items.end(),
                     [&](const std::string& item) { return core::equal_ignoring_case(item, wanted); });
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return core::base64(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

bool is_key(std::string_view key) {
  const auto decoded = core::from_base64(key);
  return decoded && decoded->size() == 16;
}

bool is_foreign(const Request& request) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ||
         !core::equal_ignoring_case(origin.substr(scheme + 3), request.header("Host"));
}

std::string quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
  return text.empty() ? "none" : text;
}

// "" is "none, and that is fine".
core::Result<std::string> choose_protocol(const Request& request, const WebSocketOptions& options) {
  const auto offered = list_of(request.headers, "Sec-WebSocket-Protocol");
  for (const std::string& protocol : offered) {
    if (std::find(options.protocols.begin(), options.protocols.end(), protocol) != options.protocols.end())
      return protocol;
  }
  if (offered.empty() && !options.needs_protocol) return "";
  return fail(Code::invalid_argument, "no WebSocket subprotocol in common: the client offers " + quoted(offered) +
                                          ", this server speaks " + quoted(options.protocols));
}

void refuse(Responder& responder, int status, const std::string& why) {
  Response response = error_response(Error(Code::invalid_argument, why));
  response.status = status;
  if (status == 426) response.headers.emplace_back("Sec-WebSocket-Version", "13");
  responder.send(std::move(response));
}

}  // namespace

bool wants_websocket(const Request& request) {
  return request.method == "GET" && has_item(request.headers, "Connection", "upgrade") &&
         has_item(request.headers, "Upgrade", "websocket");
}

std::shared_ptr<WebSocket> accept_websocket(const Request& request, Responder& responder, WebSocketOptions options,
                                            WebSocketEvents events) {
  const auto no = [&](int status, const std::string& why) {
    refuse(responder, status, why);
    return nullptr;
  };
  if (!wants_websocket(request)) return no(400, "this path wants a WebSocket: GET with Upgrade: websocket");
  if (request.header("Sec-WebSocket-Version") != "13") return no(426, "only version 13 of WebSockets is spoken here");
  const std::string_view key = request.header("Sec-WebSocket-Key");
  if (!is_key(key)) return no(400, "the Sec-WebSocket-Key is not 16 bytes in base64");
  if (is_foreign(request)) return no(403, "a page of another site may not open a WebSocket here");
  const auto protocol = choose_protocol(request, options);
  if (!protocol) return no(400, protocol.error().message);

  core::Headers headers = {
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept_key(key)}};
  if (!protocol->empty()) headers.emplace_back("Sec-WebSocket-Protocol", *protocol);
  auto session = std::make_shared<WebSocketSession>(std::move(options), *protocol, std::move(events));
  if (!responder.upgrade(std::move(headers), session)) return no(501, "this way of asking cannot become a WebSocket");
  return session;
}

}  // namespace slipway::net
