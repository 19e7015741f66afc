// Bytes of a WebSocket client: in any cut they must mean the same. Run: build/fuzz/fuzz/websocket_fuzz
// -max_total_time=60

#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/impl/websocket_frames.hpp"

namespace {

using namespace slipway::net;

constexpr std::size_t max_message = 4096;

std::string meaning_of(std::string_view wire, std::size_t step) {
  WebSocketDecoder decoder(WebSocketDecoder::Side::server, max_message);
  std::string meaning;
  while (!wire.empty()) {
    const std::string_view piece = wire.substr(0, step);
    wire.remove_prefix(piece.size());
    const auto wrong = decoder.feed(piece, [&](const WebSocketMessage& message) {
      if (message.payload.size() > max_message) std::abort();
      meaning += std::to_string(static_cast<int>(message.opcode)) + message.payload + "\n";
      return true;
    });
    if (wrong) return meaning + std::to_string(wrong->code);
  }
  return meaning;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  const std::string whole = meaning_of(wire, size + 1);
  if (whole != meaning_of(wire, 1) || whole != meaning_of(wire, 7)) std::abort();
  CloseReason close;
  if (!parse_close(wire, close) && close.code != 1005 && render_close(close) != wire.substr(0, 125) && size <= 125)
    std::abort();
  return 0;
}
