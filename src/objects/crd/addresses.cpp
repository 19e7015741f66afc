#include "objects/crd/addresses.hpp"

#include <algorithm>
#include <cstddef>

#include "core/number.hpp"
#include "core/text.hpp"

namespace slipway::objects::crd {

namespace {

bool is_hex(char c) { return core::is_digit(c) || (core::lower(c) >= 'a' && core::lower(c) <= 'f'); }

// A number of digits only, at most `most`.
bool is_number(std::string_view text, int most) {
  const auto value = core::parse_number<int>(text);
  return value && core::is_digit(text.front()) && *value <= most;
}

// Groups of hexadecimal digits between colons, the last one perhaps an IPv4 address: how many 16-bit pieces; -1: none.
int pieces_of(std::string_view text) {
  if (text.empty()) return 0;
  int pieces = 0;
  for (;;) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && group.find('.') != std::string_view::npos)
      return is_ipv4(group) ? pieces + 2 : -1;
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) return -1;
    ++pieces;
    if (colon == std::string_view::npos) return pieces;
    text.remove_prefix(colon + 1);
  }
}

}  // namespace

bool is_ipv4(std::string_view text) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return false;
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || !is_number(part, 255)) return false;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return false;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return pieces_of(text) == 8;
  const int before = pieces_of(text.substr(0, gap));
  const int after = pieces_of(text.substr(gap + 2));
  const bool v4_before_gap = text.substr(0, gap).find('.') != std::string_view::npos;
  return before >= 0 && after >= 0 && before + after < 8 && !v4_before_gap;
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash);
  const std::string_view length = text.substr(slash + 1);
  if (length.empty() || length.size() > 3) return false;
  return (is_ipv4(address) && is_number(length, 32)) || (is_ipv6(address) && is_number(length, 128));
}

bool is_mac(std::string_view text) {
  const auto groups_of = [&](char separator, std::size_t width, std::size_t count) {
    if (text.size() != count * width + count - 1) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool between = i % (width + 1) == width;
      if (between ? text[i] != separator : !is_hex(text[i])) return false;
    }
    return true;
  };
  for (const std::size_t bytes : {6, 8, 20}) {
    if (groups_of(':', 2, bytes) || groups_of('-', 2, bytes) || groups_of('.', 4, bytes / 2)) return true;
  }
  return false;
}

}  // namespace slipway::objects::crd
