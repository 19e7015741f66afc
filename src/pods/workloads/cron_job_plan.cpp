#include "pods/workloads/cron_job_plan.hpp"

#include <algorithm>
#include <array>

namespace slipway::pods::workloads {

using namespace std::chrono_literals;

namespace {

constexpr Duration moment = 100ms;
constexpr int too_many = 100;

struct Missed {
  std::optional<Time> latest;
  std::int64_t count = 0;
  bool is_impossible = false;
};

// How many is estimated from the distance of the first two.
Missed missed_since(const CronClock& clock, Time since, Time now) {
  const auto first = clock.schedule.next(since, clock.zone);
  if (!first) return {.is_impossible = true};
  if (now < *first) return {};
  const auto second = clock.schedule.next(*first, clock.zone);
  if (!second || now < *second) return {.latest = first, .count = 1};
  const Duration distance = *second - *first;
  Missed missed;
  missed.count = (now - *first) / distance + 1;
  for (auto at = clock.schedule.next(*first + (missed.count - 2) * distance, clock.zone); at && *at <= now;
       at = clock.schedule.next(*at, clock.zone))
    missed.latest = at;
  return missed;
}

std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

DueStart due_start(const CronClock& clock, Time now) {
  const Time since = clock.deadline ? std::max(clock.since, now - *clock.deadline) : clock.since;
  const Missed missed = missed_since(clock, since, now);
  DueStart due;
  due.at = missed.latest;
  due.is_too_often = missed.latest && missed.count > too_many;
  due.is_impossible = missed.is_impossible;
  return due;
}

Duration until_next_start(const CronClock& clock, Time now) {
  const Missed missed = missed_since(clock, clock.since, now);
  const bool is_quiet = missed.count == 0 && !missed.is_impossible;
  const Time from = missed.latest ? *missed.latest : is_quiet ? clock.since : now;
  const auto next = clock.schedule.next(from, clock.zone);
  return next ? *next + moment - now : std::chrono::days(365);
}

std::string render_rfc1123(Time time) {
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date = day;
  const std::string clock = core::render_rfc3339(time).substr(11, 8);
  return std::string(days[std::chrono::weekday(day).c_encoding()]) + ", " +
         two_digits(static_cast<unsigned>(date.day())) + " " + months[static_cast<unsigned>(date.month()) - 1] + " " +
         std::to_string(static_cast<int>(date.year())) + " " + clock + " +0000";
}

std::string render_in_zone(Time time, const TimeZone& zone) {
  const auto offset = zone.offset_at(time);
  std::string text = core::render_rfc3339(zone.local_of(time));
  if (offset == 0s) return text;
  text.pop_back();  // Z
  const auto minutes = std::chrono::abs(std::chrono::duration_cast<std::chrono::minutes>(offset)).count();
  return text + (offset < 0s ? "-" : "+") + two_digits(minutes / 60) + ":" + two_digits(minutes % 60);
}

}  // namespace slipway::pods::workloads
