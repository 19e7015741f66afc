#pragma once
// The frames of RFC 6455, section 5: bytes to whole messages and back. Pure; no sockets.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::net {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// A message, its fragments joined, or a control frame.
struct WebSocketMessage {
  Opcode opcode = Opcode::binary;  // never continuation
  std::string payload;
};

// What close frames carry. No code (1005) is an empty frame.
struct CloseReason {
  int code = 1005;
  std::string reason;
};

class WebSocketDecoder {
 public:
  // A server's peer must mask what it sends, a client's must not.
  enum class Side { server, client };
  WebSocketDecoder(Side side, std::size_t max_message) : side_(side), max_message_(max_message) {}

  // Takes all of `bytes` and calls `on_message` for each message that ends in them. False of it stops: what is left is
  // dropped. Returns what the peer did wrong, with the code to close with; nothing can be fed after that.
  using OnMessage = std::function<bool(WebSocketMessage)>;
  std::optional<CloseReason> feed(std::string_view bytes, const OnMessage& on_message);

 private:
  std::size_t head_size() const;
  std::optional<CloseReason> on_head();
  std::optional<CloseReason> on_frame(const OnMessage& on_message, bool& goes_on);
  bool is_control() const { return (static_cast<unsigned>(opcode_) & 8U) != 0; }

  Side side_;
  std::size_t max_message_;
  std::string head_;  // of the frame being read
  bool has_head_ = false;
  bool is_final_ = false;
  Opcode opcode_ = Opcode::binary;
  std::string mask_;  // empty: none
  std::uint64_t left_ = 0;
  std::size_t masked_ = 0;  // payload bytes of this frame so far
  std::string control_;
  std::optional<Opcode> message_;  // being joined
  std::string payload_;
};

// `mask`: what a client masks with; a server has none.
std::string encode_websocket_frame(Opcode opcode, std::string_view payload, bool is_final = true,
                                   std::optional<std::uint32_t> mask = std::nullopt);

// An error is one for which the connection is closed with its code.
std::optional<CloseReason> parse_close(std::string_view payload, CloseReason& into);
std::string render_close(const CloseReason& close);  // the payload; the reason is cut at 123 bytes

}  // namespace slipway::net
