// Parts of timestamps and durations. Zones are UTC or an offset ("+02:00", "-5:30"): there is no zone database here,
// so a name like "Europe/Berlin" is refused.

#include "core/text.hpp"
#include "expr/cel/functions.hpp"

namespace slipway::expr::cel::library {

namespace {

using Nanos = std::chrono::nanoseconds;

// Seconds east of Greenwich.
std::optional<std::int64_t> offset_of(std::string_view zone) {
  if (zone == "UTC" || zone.empty() || zone == "Z") return 0;
  const bool negative = zone.front() == '-';
  if (negative || zone.front() == '+') zone.remove_prefix(1);
  const auto colon = zone.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2 || zone.size() != colon + 3) return std::nullopt;
  std::int64_t hours = 0;
  for (const char c : zone.substr(0, colon)) {
    if (!core::is_digit(c)) return std::nullopt;
    hours = hours * 10 + (c - '0');
  }
  if (!core::is_digit(zone[colon + 1]) || !core::is_digit(zone[colon + 2])) return std::nullopt;
  const std::int64_t minutes = (zone[colon + 1] - '0') * 10 + (zone[colon + 2] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (hours * 3600 + minutes * 60) * (negative ? -1 : 1);
}

struct Local {
  std::chrono::year_month_day date;
  std::chrono::sys_days day;
  std::int64_t second_of_day = 0;
};

Local local_of(Timestamp time, std::int64_t offset) {
  using namespace std::chrono;
  const sys_seconds at{seconds(time.seconds + offset)};
  const auto day = floor<days>(at);
  return {year_month_day(day), day, (at - day).count()};
}

std::int64_t full_year(const Local& at, Timestamp) { return int(at.date.year()); }
std::int64_t month(const Local& at, Timestamp) { return std::int64_t{unsigned(at.date.month())} - 1; }
std::int64_t date(const Local& at, Timestamp) { return unsigned(at.date.day()); }
std::int64_t day_of_month(const Local& at, Timestamp) { return std::int64_t{unsigned(at.date.day())} - 1; }
std::int64_t day_of_week(const Local& at, Timestamp) { return std::chrono::weekday(at.day).c_encoding(); }
std::int64_t day_of_year(const Local& at, Timestamp) {
  return (at.day - std::chrono::sys_days(at.date.year() / std::chrono::January / 1)).count();
}
std::int64_t hours(const Local& at, Timestamp) { return at.second_of_day / 3600; }
std::int64_t minutes(const Local& at, Timestamp) { return at.second_of_day / 60 % 60; }
std::int64_t seconds(const Local& at, Timestamp) { return at.second_of_day % 60; }
std::int64_t milliseconds(const Local&, Timestamp time) { return time.nanos / 1'000'000; }

template <std::int64_t (*part)(const Local&, Timestamp)>
Value part_of_time(const Call& call) {
  std::int64_t offset = 0;
  if (call.arguments.size() == 2) {
    const auto given = offset_of(call.text(1));
    if (!given) {
      return Value::failure("time zone \"" + std::string(call.text(1)) +
                            "\" is not supported: only UTC and offsets like \"+02:00\" are");
    }
    offset = *given;
  }
  const auto time = call.as<Timestamp>(0);
  return Value(part(local_of(time, offset), time));
}

constexpr std::int64_t second = 1'000'000'000;
template <std::int64_t unit>
Value part_of_duration(const Call& call) {
  return Value(std::int64_t{call.as<Nanos>(0).count() / unit});
}

constexpr Line lines[] = {
    {"timestamp->getFullYear(): int", part_of_time<full_year>},
    {"timestamp->getFullYear(string): int", part_of_time<full_year>},
    {"timestamp->getMonth(): int", part_of_time<month>},
    {"timestamp->getMonth(string): int", part_of_time<month>},
    {"timestamp->getDate(): int", part_of_time<date>},
    {"timestamp->getDate(string): int", part_of_time<date>},
    {"timestamp->getDayOfMonth(): int", part_of_time<day_of_month>},
    {"timestamp->getDayOfMonth(string): int", part_of_time<day_of_month>},
    {"timestamp->getDayOfWeek(): int", part_of_time<day_of_week>},
    {"timestamp->getDayOfWeek(string): int", part_of_time<day_of_week>},
    {"timestamp->getDayOfYear(): int", part_of_time<day_of_year>},
    {"timestamp->getDayOfYear(string): int", part_of_time<day_of_year>},
    {"timestamp->getHours(): int", part_of_time<hours>},
    {"timestamp->getHours(string): int", part_of_time<hours>},
    {"timestamp->getMinutes(): int", part_of_time<minutes>},
    {"timestamp->getMinutes(string): int", part_of_time<minutes>},
    {"timestamp->getSeconds(): int", part_of_time<seconds>},
    {"timestamp->getSeconds(string): int", part_of_time<seconds>},
    {"timestamp->getMilliseconds(): int", part_of_time<milliseconds>},
    {"timestamp->getMilliseconds(string): int", part_of_time<milliseconds>},
    {"duration->getHours(): int", part_of_duration<second * 3600>},
    {"duration->getMinutes(): int", part_of_duration<second * 60>},
    {"duration->getSeconds(): int", part_of_duration<second>},
    {"duration->getMilliseconds(): int", part_of_duration<1'000'000>},
};

}  // namespace

Library times() { return lines; }

}  // namespace slipway::expr::cel::library
