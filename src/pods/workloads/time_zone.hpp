#pragma once
// A time zone of the IANA database as this machine has it (/usr/share/zoneinfo, RFC 8536): how far its clocks are from
// UTC at any time. Pure, once read. Not for names of zones: the API server knows which there are.

#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace slipway::pods::workloads {

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  // The bytes of a TZif file of version 2 or later.
  static Result<TimeZone> parse(std::string_view bytes);
  std::chrono::seconds offset_at(Time time) const;  // east of Greenwich is positive
  // What a clock on the wall shows, as if it were UTC.
  Time local_of(Time time) const { return time + offset_at(time); }
  // The time at which it shows this: of two the one before or after the change, of none one beside it, as Go has it.
  Time time_of(Time local) const;

 private:
  // "M3.5.0/2": the last Sunday of March at 2; or a day of the year.
  struct Change {
    enum class Kind { month_week_day, day_without_leap, day } kind = Kind::day;
    int month = 0, week = 0, day = 0;
    std::chrono::seconds at{7200};
    Time in_year(std::chrono::year year) const;  // as the wall clock before the change shows it
  };
  struct Rule {  // what holds after the last transition that is listed
    std::chrono::seconds standard{}, daylight{};
    std::optional<std::pair<Change, Change>> changes;  // to daylight time, and back
    std::chrono::seconds offset_at(Time time) const;
  };
  struct Transition {
    Time at;
    std::chrono::seconds offset;
  };
  class RuleReader;

  std::chrono::seconds first_{};  // before all transitions
  std::vector<Transition> transitions_;
  Rule rule_;
};

}  // namespace slipway::pods::workloads
