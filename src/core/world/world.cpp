#include "core/world/world.hpp"

#include <cassert>

#include "core/text.hpp"

namespace slipway::core {
double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;  // 53 bits: every double of the grid, never 1.0
}

std::uint64_t Random::below(std::uint64_t limit) {
  assert(limit > 0);
  // Draws from the incomplete last stretch of the range are rejected, so that every result is equally likely.
  const std::uint64_t usable = UINT64_MAX - UINT64_MAX % limit;
  for (;;) {
    const std::uint64_t drawn = next();
    if (drawn < usable) return drawn % limit;
  }
}

std::string Random::hex(std::size_t digits) {
  static constexpr std::string_view alphabet = "0123456789abcdef";
  std::string text;
  text.reserve(digits);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = next();
    text += alphabet[bits & 15U];
    bits >>= 4U;
  }
  return text;
}

std::string Random::uuid() {
  static constexpr std::string_view variants = "89ab";
  std::string text = hex(32);
  text[12] = '4';
  text[16] = variants[next() & 3U];
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

}  // namespace slipway::core
