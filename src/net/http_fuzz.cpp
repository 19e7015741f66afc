// Bytes of a client: the request parser must take them in any cut to the same end, and what it lets through must be
// safe to route. Run: build/fuzz/fuzz/http_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/http.hpp"
#include "net/impl/parser.hpp"
#include "net/impl/url.hpp"

namespace {

using slipway::net::RequestParser;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_target(const std::string& text) {
  const auto target = slipway::net::parse_target(text);
  if (!target) return;
  require(target->path.starts_with('/'));
  require(!(target->path + "/").contains("/../"));
  require(!target->path.contains('\0'));
}

std::string meaning_of(std::string_view wire, std::size_t step) {
  RequestParser parser;
  std::string meaning;
  std::string body;
  while (!wire.empty()) {
    std::string_view piece = wire.substr(0, step);
    wire.remove_prefix(piece.size());
    for (bool is_done = false; !is_done;) {
      switch (parser.feed(piece, body)) {
        case RequestParser::Event::more:
          is_done = true;
          break;
        case RequestParser::Event::head:
          check_target(parser.head().target);
          break;
        case RequestParser::Event::complete:
          meaning += parser.head().method + parser.head().target + body + "\n";
          body.clear();
          parser.reset();
          is_done = piece.empty();
          break;
        case RequestParser::Event::failed:
          return meaning + "failed";
      }
    }
  }
  return meaning;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  const std::string whole = meaning_of(wire, size + 1);
  require(whole == meaning_of(wire, 1));
  require(whole == meaning_of(wire, 5));
  const auto decoded = slipway::net::url_decode(wire);
  if (decoded) require(slipway::net::url_decode(slipway::net::url_encode(*decoded)).value() == *decoded);
  [[maybe_unused]] const auto url = slipway::net::parse_url(wire);
  return 0;
}
