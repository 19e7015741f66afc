#include "expr/number.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace slipway::expr {
namespace {

std::optional<double> parse_in_base(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<double>(value);
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text.starts_with("0x")) return parse_in_base(text.substr(2), 16);
  if (text.starts_with("0o")) return parse_in_base(text.substr(2), 8);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  if (text == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else {
    // from_chars would take "inf", "nan" and a second sign.
    if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return std::nullopt;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || problem == std::errc::invalid_argument) return std::nullopt;
  }
  return negative ? -value : value;
}

std::string render_number(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (number == 0) return "0";
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.15g", number);
  std::string text = buffer;
  for (auto& c : text) {
    if (c == 'e') c = 'E';
  }
  return text;
}

core::doc::Value number_value(double number) {
  if (std::isfinite(number) && std::trunc(number) == number && std::abs(number) < 9e15) {
    return core::doc::Value(static_cast<std::int64_t>(number));
  }
  return core::doc::Value(number);
}

}  // namespace slipway::expr
