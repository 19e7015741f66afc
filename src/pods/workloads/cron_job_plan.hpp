#pragma once
// Which start of a CronJob is due, as Kubernetes counts those that were missed. Pure. The controller around it is
// cron_job.hpp.

#include "core/doc.hpp"
#include "pods/workloads/cron_schedule.hpp"

namespace slipway::pods::workloads {

struct CronClock {
  CronSchedule schedule;
  TimeZone zone;
  Time since;                        // the last start, or when the CronJob was made
  std::optional<Duration> deadline;  // startingDeadlineSeconds: what is older is not looked at
};

struct DueStart {
  std::optional<Time> at;      // the latest that was due; unset: none
  bool is_too_often = false;   // more than a hundred were missed
  bool is_impossible = false;  // the schedule never comes
};
DueStart due_start(const CronClock& clock, Time now);
// Until the next one, and a moment more, so that it is due then.
Duration until_next_start(const CronClock& clock, Time now);

// "Mon, 23 Nov 2026 10:00:00 +0000"
std::string render_rfc1123(Time time);
// "2026-11-23T11:00:00+01:00"; of UTC "...Z".
std::string render_in_zone(Time time, const TimeZone& zone);

}  // namespace slipway::pods::workloads
