#pragma once
// When a CronJob starts: five fields or a name, as github.com/robfig/cron/v3 reads them. Pure.
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax

#include "pods/workloads/time_zone.hpp"

namespace slipway::pods::workloads {

class CronSchedule {
 public:
  // "*/5 9-17 * * mon-fri", "@hourly", "@every 90s".
  static Result<CronSchedule> parse(std::string_view text);
  // The first start after `time`, by the wall clock of that zone; nullopt when there is none within five years.
  std::optional<Time> next(Time time, const TimeZone& zone) const;

 private:
  class FieldReader;
  struct Field {
    std::uint64_t values = 0;  // a bit each
    bool is_star = false;
    bool has(unsigned value) const { return (values >> value & 1) != 0; }
  };
  bool has_day(Time local) const;

  std::optional<Duration> every_;  // else the fields
  Field minutes_, hours_, days_, months_, weekdays_;
};

}  // namespace slipway::pods::workloads
