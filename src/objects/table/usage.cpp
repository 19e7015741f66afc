#include "objects/table/usage.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/text.hpp"

namespace slipway::objects::table {
namespace {

__extension__ typedef __int128 Wide;

constexpr Wide nanos_in_one = 1'000'000'000;
constexpr std::array<std::string_view, 10> decimal_units{"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
constexpr std::array<std::string_view, 7> binary_units{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

struct Amount {
  Wide nanos = 0;
  bool binary = false;
};

std::optional<Amount> read(std::string_view text) {
  Amount amount;
  std::size_t end = 0;
  for (; end < text.size() && core::is_digit(text[end]); ++end) {
    if (end == 18) return std::nullopt;
    amount.nanos = amount.nanos * 10 + (text[end] - '0');
  }
  if (end == 0) return std::nullopt;
  const std::string_view unit = text.substr(end);
  const auto grow = [&](Wide factor, std::size_t times) {
    for (; times > 0; --times) {
      if (__builtin_mul_overflow(amount.nanos, factor, &amount.nanos)) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < decimal_units.size(); ++i) {
    if (unit == decimal_units[i]) return grow(1000, i) ? std::optional(amount) : std::nullopt;
  }
  for (std::size_t i = 1; i < binary_units.size(); ++i) {
    if (unit != binary_units[i]) continue;
    amount.binary = true;
    return grow(1024, i) && grow(nanos_in_one, 1) ? std::optional(amount) : std::nullopt;
  }
  return std::nullopt;
}

// Without a fraction, in the largest unit that can do that.
template <std::size_t N>
std::optional<std::string> render(Wide number, Wide factor, const std::array<std::string_view, N>& units) {
  std::size_t unit = 0;
  for (; unit + 1 < N && number % factor == 0; ++unit) number /= factor;
  if (number > INT64_MAX) return std::nullopt;
  return std::to_string(static_cast<std::int64_t>(number)) + std::string(units[unit]);
}

}  // namespace

std::string sum_of_quantities(const std::string& a, const std::string& b) {
  const auto one = read(a);
  const auto other = read(b);
  if (!one || one->nanos == 0) return other ? b : a;
  if (!other || other->nanos == 0) return a;
  Wide total = 0;
  if (__builtin_add_overflow(one->nanos, other->nanos, &total)) return a;
  const bool binary = one->binary && total % nanos_in_one == 0;
  const auto text = binary ? render(total / nanos_in_one, 1024, binary_units) : render(total, 1000, decimal_units);
  return text.value_or(a);
}

}  // namespace slipway::objects::table
