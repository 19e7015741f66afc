#pragma once
// WebSockets (RFC 6455) on the server: a handler turns its request into one. No extensions (so no compression).

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

namespace slipway::net {

// Thread-safe. It lives until it is closed, whether or not somebody holds it.
class WebSocket {
 public:
  enum class Kind { text, binary };
  // What may wait for the client unread, about: a message is taken as long as less waits.
  static constexpr std::size_t max_unsent = 1024 * 1024;
  static constexpr std::size_t full_at = 256 * 1024;

  virtual ~WebSocket() = default;
  // False: the message was not taken, because the socket is closed or more than max_unsent waits. A client that takes
  // nothing for the server's idle_timeout is cut off.
  virtual bool send(Kind kind, std::string_view message) = 0;
  // More than full_at waits: a producer that can pause does so until on_writable.
  virtual bool is_full() const = 0;
  // Stops or goes on reading from the socket; what was read before (up to max_message and some) is still delivered.
  // While it is stopped nothing is heard of the client, nor that it went away.
  virtual void set_reading(bool wanted) = 0;
  // Begins the close handshake; what was sent before still goes out. No message is delivered after it. The codes are
  // those of RFC 6455, 7.4.
  virtual void close(int code = 1000, std::string_view reason = {}) = 0;
  virtual bool is_open() const = 0;                 // until close(), or until the client closed or is gone
  virtual const std::string& protocol() const = 0;  // the one that was agreed on, or ""
};

// They run where the server's handlers run, one at a time; any may be empty. All are forgotten after on_close.
struct WebSocketEvents {
  std::function<void(WebSocket&, WebSocket::Kind, std::string message)> on_message;  // text is UTF-8
  // Once, after the last message. The client's code; or ours when we closed; 1005 is a close without a code, 1006 a
  // connection that broke off. Not when the server itself ends.
  std::function<void(WebSocket&, int code, const std::string& reason)> on_close;
  // There is room again after send() returned false or is_full() was true.
  std::function<void(WebSocket&)> on_writable;
};

struct WebSocketOptions {
  std::vector<std::string> protocols;  // that we speak; the client's first choice among them is taken
  bool needs_protocol = false;  // a client that asks for none is refused; one that asks only for others always is
  std::size_t max_message = 1024 * 1024;                    // a longer one closes with 1009
  core::Duration ping_interval = std::chrono::seconds(30);  // a client silent for two of them is cut off; 0: never
};

// Whether the client asks for a WebSocket rather than for an answer.
bool wants_websocket(const Request& request);
// Null when the request is not one for a WebSocket that we can serve: it is answered then (400, 403, 426). Refuses
// pages of other sites: an Origin must be the request's own Host.
std::shared_ptr<WebSocket> accept_websocket(const Request& request, Responder& responder, WebSocketOptions options,
                                            WebSocketEvents events);

}  // namespace slipway::net
