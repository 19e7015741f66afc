#include "objects/table/age.hpp"

namespace slipway::objects::table {

std::string human_duration(Duration duration) {
  using std::chrono::duration_cast;
  const std::int64_t seconds = duration_cast<std::chrono::seconds>(duration).count();
  // `amount` of `unit`, and what is left of the next smaller one when there is some.
  const auto two = [](std::int64_t amount, const char* unit, std::int64_t rest, const char* rest_unit) {
    return std::to_string(amount) + unit + (rest == 0 ? "" : std::to_string(rest) + rest_unit);
  };
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return std::to_string(seconds) + "s";
  const std::int64_t minutes = seconds / 60;
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return std::to_string(minutes) + "m";
  const std::int64_t hours = minutes / 60;
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return std::to_string(hours) + "h";
  const std::int64_t days = hours / 24;
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 2 * 365) return std::to_string(days) + "d";
  const std::int64_t years = days / 365;
  if (years < 8) return two(years, "y", days % 365, "d");
  return std::to_string(years) + "y";
}

std::string age(const doc::Value& timestamp, Time now) {
  const auto time = core::parse_rfc3339(timestamp.string_or(""));
  return time ? human_duration(now - *time) : "<unknown>";
}

}  // namespace slipway::objects::table
