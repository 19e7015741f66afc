// Bytes of a SPDY peer, for a session with handlers that answer. Run: build/fuzz/fuzz/spdy_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/spdy.hpp"

namespace {

using namespace slipway::net::spdy;

std::string answers_to(std::string_view wire, std::size_t step) {
  Session* session = nullptr;
  std::string told;
  SessionEvents events;
  events.on_stream = [&](StreamId id, const slipway::core::Headers& headers, bool) {
    told += "s" + std::to_string(id) + std::to_string(headers.size());
    session->reply(id, headers);
  };
  events.on_data = [&](StreamId id, std::string_view bytes) {
    told += bytes;
    session->send(id, bytes);
    session->consumed(id, bytes.size());
  };
  events.on_end = [&](StreamId id) { session->end(id); };
  Session server({}, events);
  session = &server;
  while (!wire.empty()) {
    const std::string_view piece = wire.substr(0, step);
    wire.remove_prefix(piece.size());
    if (!server.receive(piece)) return told + "broken";
    if (server.take_output().size() > 4 * 1024 * 1024) std::abort();
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 60'000) return 0;  // beyond a window the cut decides how much of a data frame is taken
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  if (answers_to(wire, size + 1) != answers_to(wire, 3)) std::abort();
  return 0;
}
