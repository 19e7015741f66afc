#include "pods/workloads/cron_schedule.hpp"

#include <algorithm>
#include <span>

#include "core/number.hpp"
#include "core/text.hpp"

namespace slipway::pods::workloads {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::string_view blanks = " \t\r\n\v\f";

std::string_view written_out(std::string_view name) {
  if (name == "@yearly" || name == "@annually") return "0 0 1 1 *";
  if (name == "@monthly") return "0 0 1 * *";
  if (name == "@weekly") return "0 0 * * 0";
  if (name == "@daily" || name == "@midnight") return "0 0 * * *";
  if (name == "@hourly") return "0 * * * *";
  return name;
}

std::chrono::year_month_day date_of(Time local) { return std::chrono::floor<std::chrono::days>(local); }
unsigned hour_of(Time local) {
  return static_cast<unsigned>((local - std::chrono::floor<std::chrono::days>(local)) / 1h);
}
unsigned minute_of(Time local) {
  return static_cast<unsigned>((local - std::chrono::floor<std::chrono::hours>(local)) / 1min);
}

}  // namespace

class CronSchedule::FieldReader {
 public:
  FieldReader(unsigned low, unsigned high, std::span<const std::string_view> names = {})
      : low_(low), high_(high), names_(names) {}
  std::optional<Field> read(std::string_view text) const {
    Field field;
    while (!text.empty()) {
      const auto part = text.substr(0, text.find(','));
      text.remove_prefix(std::min(text.size(), part.size() + 1));
      if (!part.empty() && !read_range(part, field)) return std::nullopt;
    }
    return field;
  }

 private:
  std::optional<unsigned> value(std::string_view text) const {
    const auto name = std::ranges::find(names_, core::in_lower(text));
    if (name != names_.end()) return low_ + static_cast<unsigned>(name - names_.begin());
    return core::parse_number<unsigned>(text);
  }
  bool read_range(std::string_view text, Field& field) const {
    const auto slash = text.find('/');
    const auto range = text.substr(0, slash);
    const auto dash = range.find('-');
    const bool is_star = range == "*" || range == "?";
    const auto first = is_star ? low_ : value(range.substr(0, dash));
    auto last = is_star ? high_ : dash == std::string_view::npos ? first : value(range.substr(dash + 1));
    std::optional<unsigned> step = 1;
    if (slash != std::string_view::npos) {
      step = core::parse_number<unsigned>(text.substr(slash + 1));
      if (dash == std::string_view::npos) last = high_;
    }
    if (!first || !last || !step || *step == 0 || *first < low_ || *last > high_ || *first > *last) return false;
    for (unsigned i = *first; i <= *last; i += std::min(*step, high_ + 1)) field.values |= std::uint64_t{1} << i;
    field.is_star |= is_star && *step == 1;
    return true;
  }

  unsigned low_, high_;
  std::span<const std::string_view> names_;
};

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  CronSchedule schedule;
  constexpr std::string_view every = "@every ";
  if (text.starts_with(every)) {
    TRY_ASSIGN(const Duration delay, core::parse_go_duration(text.substr(every.size())));
    schedule.every_ = std::max<Duration>(std::chrono::floor<std::chrono::seconds>(delay), 1s);
    return schedule;
  }
  std::vector<std::string_view> parts;
  for (auto rest = core::trimmed(written_out(text), blanks); !rest.empty(); rest = core::trimmed(rest, blanks)) {
    parts.push_back(rest.substr(0, rest.find_first_of(blanks)));
    rest.remove_prefix(parts.back().size());
  }
  if (parts.size() != 5) {
    return fail(Code::invalid_argument,
                "expected exactly 5 fields, found " + std::to_string(parts.size()) + ": " + std::string(text));
  }
  struct Target {
    Field* field;
    FieldReader reader;
  };
  const Target targets[] = {{&schedule.minutes_, {0, 59}},
                            {&schedule.hours_, {0, 23}},
                            {&schedule.days_, {1, 31}},
                            {&schedule.months_, {1, 12, workloads::months}},
                            {&schedule.weekdays_, {0, 6, workloads::weekdays}}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto field = targets[i].reader.read(parts[i]);
    if (!field) return fail(Code::invalid_argument, "not a part of a schedule: " + std::string(parts[i]));
    *targets[i].field = *field;
  }
  return schedule;
}

// By the day of the month or that of the week where both are given, else by the one that is.
bool CronSchedule::has_day(Time local) const {
  const bool by_month = days_.has(static_cast<unsigned>(date_of(local).day()));
  const bool by_week = weekdays_.has(std::chrono::weekday(std::chrono::floor<std::chrono::days>(local)).c_encoding());
  return days_.is_star || weekdays_.is_star ? by_month && by_week : by_month || by_week;
}

std::optional<Time> CronSchedule::next(Time time, const TimeZone& zone) const {
  if (every_) return std::chrono::floor<std::chrono::seconds>(time) + *every_;
  // Days go by the calendar, hours and minutes as they pass: where the clocks go forward, what would have been in the
  // gap is left out; where they go back, an hour comes twice.
  Time at = std::chrono::floor<std::chrono::minutes>(time) + 1min;
  const Time limit = time + std::chrono::days(5 * 366);
  const auto go_to = [&](std::chrono::sys_days day) { at = std::max<Time>(zone.time_of(Time(day)), at + 1min); };
  while (at < limit) {
    const Time local = zone.local_of(at);
    const auto date = date_of(local);
    if (!months_.has(static_cast<unsigned>(date.month()))) {
      go_to((date.year() / date.month() + std::chrono::months(1)) / 1);
    } else if (!has_day(local)) {
      go_to(std::chrono::floor<std::chrono::days>(local) + std::chrono::days(1));
    } else if (!hours_.has(hour_of(local))) {
      at += 1h - (local - std::chrono::floor<std::chrono::hours>(local));
    } else if (!minutes_.has(minute_of(local))) {
      at += 1min;
    } else {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace slipway::pods::workloads
