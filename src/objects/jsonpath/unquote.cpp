#include "objects/jsonpath/unquote.hpp"

#include <charconv>
#include <cstdint>

#include "core/utf8.hpp"

namespace slipway::objects::jsonpath {
namespace {

// Exactly `count` digits.
std::optional<std::uint32_t> digits(std::string_view text, std::size_t at, std::size_t count, int base) {
  if (text.size() < at + count) return std::nullopt;
  std::uint32_t value = 0;
  const char* end = text.data() + at + count;
  const auto read = std::from_chars(text.data() + at, end, value, base);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> unquoted(std::string_view inside, char quote) {
  std::string out;
  for (std::size_t at = 0; at < inside.size(); ++at) {
    if (inside[at] == quote) return std::nullopt;
    if (inside[at] != '\\') {
      out += inside[at];
      continue;
    }
    if (++at == inside.size()) return std::nullopt;
    const char c = inside[at];
    constexpr std::string_view letters = "abfnrtv\\";
    constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\";
    if (const std::size_t simple = letters.find(c); simple != std::string_view::npos) {
      out += meanings[simple];
    } else if (c == quote) {
      out += c;
    } else if (c >= '0' && c <= '7') {
      const auto byte = digits(inside, at, 3, 8);
      if (!byte || *byte > 255) return std::nullopt;
      out += static_cast<char>(*byte);
      at += 2;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      const auto rune = digits(inside, at + 1, count, 16);
      if (!rune || *rune > 0x10FFFF || (*rune >= 0xD800 && *rune < 0xE000)) return std::nullopt;
      if (c == 'x')
        out += static_cast<char>(*rune);
      else
        core::append_utf8(out, *rune);
      at += count;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace slipway::objects::jsonpath
