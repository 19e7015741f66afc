// The spellings of durations. Sources: Go's time.ParseDuration and Duration.String; Prometheus' model.ParseDuration.

#include <array>
#include <limits>
#include <optional>

#include "core/text.hpp"
#include "core/time.hpp"

namespace slipway::core {

namespace {

// Wide enough for any sum of two int64 products; the result is checked against Duration's range.
__extension__ typedef __int128 Wide;

constexpr Wide largest = std::numeric_limits<Duration::rep>::max();

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};

// Longer names first where one begins with the other.
constexpr std::array go_units{
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xC2\xB5s", 1'000},  // U+00B5 micro sign
    Unit{"\xCE\xBCs", 1'000},  // U+03BC Greek mu
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
};

constexpr std::array prometheus_units{
    // must come in this order
    Unit{"y", 365LL * 86'400'000'000'000},
    Unit{"w", 7LL * 86'400'000'000'000},
    Unit{"d", 86'400'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},
};

// The letters after a number: up to the next digit or dot.
std::string_view take_unit(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && !is_digit(text[end]) && text[end] != '.') ++end;
  const std::string_view unit = text.substr(0, end);
  text.remove_prefix(end);
  return unit;
}

std::optional<Wide> take_integer(std::string_view& text) {
  Wide number = 0;
  std::size_t end = 0;
  for (; end < text.size() && is_digit(text[end]); ++end) {
    number = number * 10 + (text[end] - '0');
    if (number > largest) return std::nullopt;
  }
  text.remove_prefix(end);
  return number;
}

std::optional<Duration> read_go(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  Wide nanos = 0;
  while (!text.empty()) {
    const std::size_t size_before = text.size();
    const auto whole = take_integer(text);
    if (!whole) return std::nullopt;
    bool has_digits = text.size() != size_before;
    Wide fraction = 0;
    Wide scale = 1;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
        has_digits = true;
        if (scale < 1'000'000'000'000) {  // finer than a nanosecond of an hour
          fraction = fraction * 10 + (text.front() - '0');
          scale *= 10;
        }
      }
    }
    if (!has_digits) return std::nullopt;
    const std::string_view name = take_unit(text);
    const Unit* unit = nullptr;
    for (const Unit& candidate : go_units) {
      if (candidate.name == name) unit = &candidate;
    }
    if (!unit) return std::nullopt;
    nanos += *whole * unit->nanos + fraction * unit->nanos / scale;
    if (nanos / 1000 > largest) return std::nullopt;
  }
  const auto micros = static_cast<Duration::rep>(nanos / 1000);
  return Duration(negative ? -micros : micros);
}

std::optional<Duration> read_prometheus(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  Wide nanos = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    if (!is_digit(text.front())) return std::nullopt;
    const auto number = take_integer(text);
    if (!number) return std::nullopt;
    const std::string_view name = take_unit(text);
    while (next_unit < prometheus_units.size() && prometheus_units[next_unit].name != name) ++next_unit;
    if (next_unit == prometheus_units.size()) return std::nullopt;
    nanos += *number * prometheus_units[next_unit].nanos;
    if (nanos / 1000 > largest) return std::nullopt;
    ++next_unit;
  }
  return Duration(static_cast<Duration::rep>(nanos / 1000));
}

std::string without_trailing_zeros(std::int64_t whole, std::int64_t fraction, std::size_t width) {
  std::string text = std::to_string(whole);
  if (fraction == 0) return text;
  std::string decimals = std::to_string(fraction);
  decimals.insert(0, width - decimals.size(), '0');
  while (decimals.back() == '0') decimals.pop_back();
  return text + "." + decimals;
}

std::unexpected<Error> invalid(std::string_view text, std::string hint) {
  return fail(Code::invalid_argument, "invalid duration \"" + std::string(text) + "\"", std::move(hint));
}

}  // namespace

Result<Duration> parse_go_duration(std::string_view text) {
  if (const auto duration = read_go(text)) return *duration;
  return invalid(text, "write it like 1h30m, 90s or 300ms");
}

Result<Duration> parse_prometheus_duration(std::string_view text) {
  if (const auto duration = read_prometheus(text)) return *duration;
  return invalid(text, "write it like 30d, 1h30m or 5m: whole numbers, larger units first");
}

Result<Duration> parse_duration(std::string_view text) {
  const bool only_digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  const std::string with_unit = only_digits ? std::string(text) + "s" : std::string(text);
  if (const auto duration = read_go(with_unit)) return *duration;
  if (const auto duration = read_prometheus(with_unit)) return *duration;
  return invalid(text, "write it like 30s, 1h30m or 300ms; a number alone means seconds");
}

std::string render_go_duration(Duration duration) {
  if (duration.count() == 0) return "0s";
  const bool negative = duration.count() < 0;
  // Negating in unsigned arithmetic is right for the smallest value too.
  std::uint64_t micros = static_cast<std::uint64_t>(duration.count());
  if (negative) micros = 0 - micros;
  std::string text = negative ? "-" : "";
  if (micros < 1'000) return text + std::to_string(micros) + "\xC2\xB5s";
  if (micros < 1'000'000) {
    return text +
           without_trailing_zeros(static_cast<std::int64_t>(micros / 1'000), static_cast<std::int64_t>(micros % 1'000),
                                  3) +
           "ms";
  }
  const std::uint64_t seconds = micros / 1'000'000;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
  return text +
         without_trailing_zeros(static_cast<std::int64_t>(seconds % 60), static_cast<std::int64_t>(micros % 1'000'000),
                                6) +
         "s";
}

std::string render_for_people(Duration duration) {
  if (duration < Duration(0)) return "-" + render_for_people(duration == Duration::min() ? Duration::max() : -duration);
  const std::int64_t micros = duration.count();
  if (micros == 0) return "0 s";
  if (micros < 1'000) return std::to_string(micros) + " \xC2\xB5s";
  if (micros < 99'500) return std::to_string((micros + 500) / 1'000) + " ms";
  if (micros < 9'950'000) {
    const std::int64_t tenths = (micros + 50'000) / 100'000;
    return without_trailing_zeros(tenths / 10, tenths % 10, 1) + " s";
  }
  const std::int64_t seconds = micros / 1'000'000 + (micros % 1'000'000 >= 500'000 ? 1 : 0);
  const auto pair = [](std::int64_t large, std::string_view large_unit, std::int64_t small,
                       std::string_view small_unit) {
    std::string text = std::to_string(large) + " " + std::string(large_unit);
    if (small != 0) text += " " + std::to_string(small) + " " + std::string(small_unit);
    return text;
  };
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3'600) return pair(seconds / 60, "min", seconds % 60, "s");
  if (seconds < 86'400) return pair(seconds / 3'600, "h", seconds / 60 % 60, "min");
  return pair(seconds / 86'400, "d", seconds / 3'600 % 24, "h");
}

}  // namespace slipway::core
