#pragma once
// For tests: the client's end of a WebSocket, over plain TCP or TLS, blocking; it can also say what it must not.

#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <string>

#include "core/world/real.hpp"
#include "net/impl/blocking_socket.hpp"
#include "net/impl/websocket_frames.hpp"
#include "net/test_support.hpp"

namespace slipway::net::test {

class WebSocketClient {
 public:
  static constexpr std::uint32_t mask = 0x1f2e3d4c;

  // `url` begins with http:// or https://.
  WebSocketClient(const std::string& url, const std::string& protocols, const core::TlsSettings& tls = {}) {
    const Url parsed = parse_url(url).value();
    REQUIRE(socket_.connect(parsed, deadline()));
    if (parsed.is_tls) REQUIRE(socket_.start_tls(TlsContext::for_client(tls).value(), parsed, deadline()));
    send_raw("GET " + parsed.target + " HTTP/1.1\r\nHost: " + parsed.authority +
             "\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
             (protocols.empty() ? "" : "Sec-WebSocket-Protocol: " + protocols + "\r\n") + "\r\n");
    std::size_t end = std::string::npos;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) REQUIRE(receive());
    head = in_.substr(0, end + 4);
    in_.erase(0, end + 4);
  }

  void send_raw(std::string_view bytes) { REQUIRE(socket_.send(bytes, deadline(), false)); }
  void send(Opcode opcode, std::string_view payload, bool is_final = true) {
    send_raw(encode_websocket_frame(opcode, payload, is_final, mask));
  }
  void close(int code) { send(Opcode::close, render_close({code, ""})); }
  void drop() { socket_ = BlockingSocket(); }

  // The next message of any kind; nullopt when the server closed the connection.
  std::optional<WebSocketMessage> read() {
    while (messages_.empty()) {
      const std::string bytes = std::exchange(in_, {});
      const auto wrong = decoder_.feed(bytes, [this](WebSocketMessage message) {
        messages_.push_back(std::move(message));
        return true;
      });
      REQUIRE_FALSE(wrong);
      if (messages_.empty() && !receive()) return std::nullopt;
    }
    WebSocketMessage message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }
  // What the server closes with; other messages are skipped. 0 when the connection ends without it.
  int read_close_code() {
    while (auto message = read()) {
      if (message->opcode != Opcode::close) continue;
      CloseReason why;
      REQUIRE_FALSE(parse_close(message->payload, why));
      return why.code;
    }
    return 0;
  }
  // After the last message nothing follows but the end.
  bool is_at_end() {
    const auto message = read();
    return !message;
  }

  std::string head;  // of the answer to the upgrade

 private:
  static core::Instant deadline() { return core::real_clock().monotonic() + std::chrono::milliseconds(patience_ms); }
  bool receive() {
    std::array<char, 64 * 1024> buffer;
    const auto got = socket_.receive(buffer, deadline());
    if (!got) return false;
    REQUIRE(got->got != BlockingSocket::Got::timed_out);
    in_.append(buffer.data(), got->size);
    return got->got == BlockingSocket::Got::bytes;
  }

  BlockingSocket socket_;
  std::string in_;
  WebSocketDecoder decoder_{WebSocketDecoder::Side::client, std::size_t{64} * 1024 * 1024};
  std::deque<WebSocketMessage> messages_;
};

}  // namespace slipway::net::test
