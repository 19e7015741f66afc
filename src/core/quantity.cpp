// Kubernetes resource.Quantity: k8s.io/apimachinery/pkg/api/resource/quantity.go. Kept in thousandths, rounded away
// from zero below that and capped at the largest int64, as Kubernetes caps its own.

#include "core/quantity.hpp"

#include <array>
#include <limits>

#include "core/text.hpp"

namespace slipway::core {

namespace {

__extension__ typedef __int128 Wide;

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
// Digits beyond this cannot change the result: it is capped or rounded already.
constexpr Wide plenty = static_cast<Wide>(largest) * 1'000'000;

constexpr std::string_view binary_suffixes = "KMGTPE";  // each followed by 'i'
constexpr std::array<std::string_view, 7> decimal_suffixes{"", "k", "M", "G", "T", "P", "E"};

constexpr const char* error_format =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr const char* error_number = "unable to parse numeric part of quantity";
constexpr const char* error_suffix = "unable to parse quantity's suffix";

struct Scale {
  int power_of_ten = 0;
  int power_of_1024 = 0;
};

// How far a suffix moves the number; false when it is none.
bool read_suffix(std::string_view suffix, Scale& scale) {
  if (suffix.empty()) return true;
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const std::size_t position = binary_suffixes.find(suffix[0]);
    if (position == std::string_view::npos) return false;
    scale.power_of_1024 = static_cast<int>(position) + 1;
    return true;
  }
  if (suffix.size() == 1) {
    constexpr std::string_view small = "num";  // nano, micro, milli
    if (const std::size_t position = small.find(suffix[0]); position != std::string_view::npos) {
      scale.power_of_ten = -9 + 3 * static_cast<int>(position);
      return true;
    }
    for (std::size_t i = 1; i < decimal_suffixes.size(); ++i) {
      if (suffix == decimal_suffixes[i]) {
        scale.power_of_ten = 3 * static_cast<int>(i);
        return true;
      }
    }
    return false;
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return false;
  suffix.remove_prefix(1);
  const bool negative = suffix.front() == '-';
  if (suffix.front() == '-' || suffix.front() == '+') suffix.remove_prefix(1);
  if (suffix.empty() || suffix.size() > 6) return false;
  int exponent = 0;
  for (char c : suffix) {
    if (!is_digit(c)) return false;
    exponent = exponent * 10 + (c - '0');
  }
  scale.power_of_ten = negative ? -exponent : exponent;
  return true;
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  const auto refuse = [](const char* why) { return fail(Code::invalid_argument, why); };
  std::string_view rest = text;
  if (rest.empty()) return refuse(error_format);
  bool negative = false;
  if (rest.front() == '-' || rest.front() == '+') {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  Wide number = 0;    // the digits without the dot
  int decimals = 0;   // how many of them stood behind it
  bool lost = false;  // a non-zero digit was too small to keep
  bool any_digit = false;
  int dots = 0;
  std::size_t end = 0;
  for (; end < rest.size() && (is_digit(rest[end]) || rest[end] == '.'); ++end) {
    if (rest[end] == '.') {
      ++dots;
      continue;
    }
    any_digit = true;
    if (number > plenty) {
      if (dots > 0)
        lost = lost || rest[end] != '0';
      else
        decimals -= 1;
      continue;
    }
    number = number * 10 + (rest[end] - '0');
    if (dots > 0) ++decimals;
  }
  const std::string_view suffix = rest.substr(end);
  if (end == 0 || suffix.find_first_not_of("eEinumkKMGTPi+-0123456789") != std::string_view::npos) {
    return refuse(error_format);
  }
  if (!any_digit || dots > 1) return refuse(error_number);
  Scale scale;
  if (!read_suffix(suffix, scale)) return refuse(error_suffix);

  Wide milli = number;
  for (int i = 0; i < scale.power_of_1024 && milli <= plenty * 1000; ++i) milli *= 1024;
  int power = scale.power_of_ten - decimals + 3;
  for (; power > 0 && milli != 0 && milli <= plenty * 1000; --power) milli *= 10;
  for (; power < 0 && milli != 0; ++power) {
    lost = lost || milli % 10 != 0;
    milli /= 10;
  }
  if (lost) milli += 1;
  if (milli > largest) milli = largest;

  Quantity quantity;
  quantity.milli_ = static_cast<std::int64_t>(negative ? -milli : milli);
  quantity.binary_ = scale.power_of_1024 > 0;
  return quantity;
}

std::int64_t Quantity::value() const {
  const std::int64_t whole = milli_ / 1000;
  const std::int64_t rest = milli_ % 1000;
  if (rest == 0) return whole;
  return milli_ > 0 ? whole + 1 : whole - 1;
}

Quantity Quantity::operator+(const Quantity& other) const {
  Quantity sum = milli_ == 0 ? other : *this;
  if (__builtin_add_overflow(milli_, other.milli_, &sum.milli_)) sum.milli_ = milli_ > 0 ? largest : -largest;
  return sum;
}

std::string Quantity::render() const {
  if (milli_ % 1000 != 0) return std::to_string(milli_) + "m";
  std::int64_t number = milli_ / 1000;
  if (number == 0) return "0";
  std::size_t steps = 0;
  if (binary_ && (number >= 1024 || number <= -1024)) {
    while (number % 1024 == 0 && steps < binary_suffixes.size()) {
      number /= 1024;
      ++steps;
    }
    return steps == 0 ? std::to_string(number) : std::to_string(number) + binary_suffixes[steps - 1] + "i";
  }
  while (number % 1000 == 0 && steps + 1 < decimal_suffixes.size()) {
    number /= 1000;
    ++steps;
  }
  return std::to_string(number) + std::string(decimal_suffixes[steps]);
}

}  // namespace slipway::core
