// The parser's answer may not depend on how the bytes are cut, and what it accepts it can write again.
#include <cstdlib>

#include "gateway/http1/parser.hpp"
#include "gateway/metrics/token_meter.hpp"

using namespace slipway::gateway;

namespace {
struct Read {
  bool ok = false, head = false, done = false;
  std::string target, body;
  bool operator==(const Read&) const = default;
};

Read read(http1::Parser::Kind kind, std::string_view bytes, std::size_t piece) {
  http1::Parser parser(kind);
  Read out;
  while (!bytes.empty() && !parser.done()) {
    std::string_view now = bytes.substr(0, piece);
    bytes.remove_prefix(now.size());
    while (!now.empty() && !parser.done()) {
      auto taken = parser.feed(now);
      if (!taken) return out;
      if (*taken == 0) std::abort();
      now.remove_prefix(*taken);
      out.body += parser.take_body();
    }
  }
  out.ok = true;
  out.head = parser.head_done();
  out.done = parser.done();
  out.target = parser.head().target;
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (auto kind : {http1::Parser::Kind::request, http1::Parser::Kind::response}) {
    const Read whole = read(kind, bytes, size == 0 ? 1 : size);
    const Read pieces = read(kind, bytes, 1);
    if (whole.ok && pieces.ok && !(whole == pieces)) std::abort();
    if (whole.done != pieces.done && whole.ok && pieces.ok) std::abort();
  }
  metrics::TokenMeter meter(true);
  meter.feed(bytes, {});
  return 0;
}
