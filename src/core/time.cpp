#include "core/time.hpp"

#include <array>
#include <cstdio>
#include <limits>
#include <optional>

#include "core/text.hpp"

namespace slipway::core {

namespace {

using std::chrono::duration_cast;

std::string digits(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

std::string render_seconds(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Duration> clock(time - day);
  return digits(static_cast<int>(date.year()), 4) + "-" + digits(static_cast<unsigned>(date.month()), 2) + "-" +
         digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(clock.hours().count(), 2) + ":" +
         digits(clock.minutes().count(), 2) + ":" + digits(clock.seconds().count(), 2);
}

// Reads exactly `count` digits at `position`; nothing when there are fewer.
std::optional<int> take_digits(std::string_view text, std::size_t& position, std::size_t count) {
  if (text.size() < position + count) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[position + i])) return std::nullopt;
    number = number * 10 + (text[position + i] - '0');
  }
  position += count;
  return number;
}

bool take(std::string_view text, std::size_t& position, std::string_view any_of) {
  if (position >= text.size() || any_of.find(text[position]) == std::string_view::npos) return false;
  ++position;
  return true;
}

std::optional<Time> read_rfc3339(std::string_view text) {
  std::size_t at = 0;
  const auto year = take_digits(text, at, 4);
  if (!year || !take(text, at, "-")) return std::nullopt;
  const auto month = take_digits(text, at, 2);
  if (!month || !take(text, at, "-")) return std::nullopt;
  const auto day = take_digits(text, at, 2);
  if (!day || !take(text, at, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, at, 2);
  if (!hour || !take(text, at, ":")) return std::nullopt;
  const auto minute = take_digits(text, at, 2);
  if (!minute || !take(text, at, ":")) return std::nullopt;
  const auto second = take_digits(text, at, 2);
  if (!second) return std::nullopt;
  std::int64_t micros = 0;
  if (take(text, at, ".")) {
    std::int64_t unit = 100000;
    if (at >= text.size() || !is_digit(text[at])) return std::nullopt;
    for (; at < text.size() && is_digit(text[at]); ++at, unit /= 10) micros += (text[at] - '0') * unit;
  }
  std::chrono::minutes offset{0};
  if (!take(text, at, "Zz")) {
    if (at >= text.size()) return std::nullopt;
    const char sign = text[at];
    if (!take(text, at, "+-")) return std::nullopt;
    const auto hours = take_digits(text, at, 2);
    if (!hours || !take(text, at, ":")) return std::nullopt;
    const auto minutes = take_digits(text, at, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    if (sign == '-') offset = -offset;
  }
  if (at != text.size() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + Duration(micros) - offset;
}

}  // namespace

std::string render_rfc3339(Time time) { return render_seconds(time) + "Z"; }

std::string render_rfc3339_micro(Time time) {
  const auto fraction = time - std::chrono::floor<std::chrono::seconds>(time);
  return render_seconds(time) + "." + digits(fraction.count(), 6) + "Z";
}

Result<Time> parse_rfc3339(std::string_view text) {
  if (const auto time = read_rfc3339(text)) return *time;
  return fail(Code::invalid_argument, "invalid time \"" + std::string(text) + "\"",
              "write it like 2026-11-23T10:00:00Z (RFC 3339)");
}

}  // namespace slipway::core
