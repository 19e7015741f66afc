#include "pods/workloads/cron_job_plan.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

namespace slipway::pods::workloads {
namespace {

using namespace std::chrono_literals;

Time at(const std::string& text) {
  const auto time = core::parse_rfc3339(text);
  REQUIRE(time);
  return *time;
}

// As a rule of POSIX alone, in the form of a file without transitions.
TimeZone zone(const std::string& rule) {
  const auto number = [](char low) { return std::string("\0\0\0", 3) + low; };
  const std::string header =
      "TZif2" + std::string(15, '\0') + number(0) + number(0) + number(0) + number(0) + number(1) + number(4);
  const std::string types = std::string(6, '\0') + std::string("UTC\0", 4);
  auto parsed = TimeZone::parse(header + types + header + types + "\n" + rule + "\n");
  REQUIRE(parsed);
  return *parsed;
}

std::string next(const std::string& schedule, const std::string& time, const TimeZone& in = {}) {
  const auto parsed = CronSchedule::parse(schedule);
  if (!parsed) return "refused";
  const auto found = parsed->next(at(time), in);
  return found ? core::render_rfc3339(*found) : "never";
}

const char* berlin_rule = "CET-1CEST,M3.5.0,M10.5.0/3";

}  // namespace

TEST_CASE("CronJob: a schedule says when it comes next") {
  struct Row {
    const char* schedule;
    const char* from;
    const char* next;
  };
  const Row rows[] = {
      {"* * * * *", "2026-11-23T10:00:00Z", "2026-11-23T10:01:00Z"},
      {"* * * * *", "2026-11-23T10:00:30Z", "2026-11-23T10:01:00Z"},
      {"*/15 * * * *", "2026-11-23T10:46:00Z", "2026-11-23T11:00:00Z"},
      {"5-20/5 * * * *", "2026-11-23T10:11:00Z", "2026-11-23T10:15:00Z"},
      {"40/5 * * * *", "2026-11-23T10:56:00Z", "2026-11-23T11:40:00Z"},
      {"1,2,30 * * * *", "2026-11-23T10:02:00Z", "2026-11-23T10:30:00Z"},
      {"0 9-17 * * *", "2026-11-23T17:00:00Z", "2026-11-24T09:00:00Z"},
      {"0 0 1 * *", "2026-11-23T10:00:00Z", "2026-12-01T00:00:00Z"},
      {"0 0 31 * *", "2026-11-23T10:00:00Z", "2026-12-31T00:00:00Z"},
      {"0 0 29 2 *", "2026-11-23T10:00:00Z", "2028-02-29T00:00:00Z"},
      {"0 0 * JAN mon", "2026-11-23T10:00:00Z", "2027-01-04T00:00:00Z"},
      {"0 0 * * mon-fri", "2026-11-27T10:00:00Z", "2026-11-30T00:00:00Z"},
      {"0 0 13 * fri", "2026-11-23T10:00:00Z", "2026-11-27T00:00:00Z"},
      {"0 0 13 * ?", "2026-11-23T10:00:00Z", "2026-12-13T00:00:00Z"},
      {"@hourly", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"},
      {"@daily", "2026-11-23T10:00:00Z", "2026-11-24T00:00:00Z"},
      {"@weekly", "2026-11-23T10:00:00Z", "2026-11-29T00:00:00Z"},
      {"@monthly", "2026-11-23T10:00:00Z", "2026-12-01T00:00:00Z"},
      {"@yearly", "2026-11-23T10:00:00Z", "2027-01-01T00:00:00Z"},
      {"@every 90s", "2026-11-23T10:00:00Z", "2026-11-23T10:01:30Z"},
      {"59 23 31 2 *", "2026-11-23T10:00:00Z", "never"},
      {"* * * *", "2026-11-23T10:00:00Z", "refused"},
      {"60 * * * *", "2026-11-23T10:00:00Z", "refused"},
      {"* * 0 * *", "2026-11-23T10:00:00Z", "refused"},
      {"* * * * 7", "2026-11-23T10:00:00Z", "refused"},
      {"*/0 * * * *", "2026-11-23T10:00:00Z", "refused"},
      {"1-/4294967295 * * * *", "2026-11-23T10:00:00Z", "refused"},
      {"1/4294967295 * * * *", "2026-11-23T10:00:00Z", "2026-11-23T10:01:00Z"},
      {"@never", "2026-11-23T10:00:00Z", "refused"},
      {"", "2026-11-23T10:00:00Z", "refused"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.schedule);
    CHECK(next(row.schedule, row.from) == std::string(row.next));
  }
}

TEST_CASE("CronJob: by the clocks of a time zone, where an hour is left out or comes twice") {
  const TimeZone berlin = zone(berlin_rule);
  CHECK(next("0 9 * * *", "2026-07-01T08:00:00Z", berlin) == "2026-07-02T07:00:00Z");
  CHECK(next("0 9 * * *", "2026-11-23T08:00:00Z", berlin) == "2026-11-24T08:00:00Z");
  // 2:30 of 29 March 2026 does not exist.
  CHECK(next("30 2 * * *", "2026-03-28T02:00:00Z", berlin) == "2026-03-30T00:30:00Z");
  CHECK(next("30 * * * *", "2026-03-29T00:40:00Z", berlin) == "2026-03-29T01:30:00Z");
  // 2:30 of 25 October 2026 comes twice.
  CHECK(next("30 2 * * *", "2026-10-24T12:00:00Z", berlin) == "2026-10-25T00:30:00Z");
  CHECK(next("30 2 * * *", "2026-10-25T00:30:00Z", berlin) == "2026-10-25T01:30:00Z");
  // Midnight itself is left out.
  const TimeZone early = zone("<-03>3<-02>,M10.3.0/0,M2.3.0/0");
  CHECK(next("0 0 * * *", "2026-10-17T12:00:00Z", early) == "2026-10-19T02:00:00Z");
  CHECK(next("0 5 18 * *", "2026-10-17T12:00:00Z", early) == "2026-10-18T07:00:00Z");
  const TimeZone kolkata = zone("IST-5:30");
  CHECK(next("0 0 * * *", "2026-11-23T10:00:00Z", kolkata) == "2026-11-23T18:30:00Z");
  CHECK(render_in_zone(at("2026-11-23T18:30:00Z"), kolkata) == "2026-11-24T00:00:00+05:30");
  CHECK(render_in_zone(at("2026-11-23T18:30:00Z"), early) == "2026-11-23T16:30:00-02:00");
  CHECK(render_in_zone(at("2026-11-23T18:30:00Z"), TimeZone()) == "2026-11-23T18:30:00Z");
  const TimeZone south = zone("AEST-10AEDT,M10.1.0,M4.1.0/3");
  CHECK(south.offset_at(at("2026-01-01T00:00:00Z")) == 11h);
  CHECK(south.offset_at(at("2026-07-01T00:00:00Z")) == 10h);
}

TEST_CASE("CronJob: the zones of this machine are read as they are") {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  if (!file) return;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  const auto real = TimeZone::parse(bytes.str());
  REQUIRE(real);
  const TimeZone rule = zone(berlin_rule);
  for (Time time = at("2000-01-01T00:00:00Z"); time < at("2060-01-01T00:00:00Z"); time += 37h)
    REQUIRE(real->offset_at(time) == rule.offset_at(time));
  CHECK(real->offset_at(at("1979-07-01T00:00:00Z")) == 1h);  // no summer time yet
  CHECK_FALSE(TimeZone::parse(bytes.str().substr(0, 100)));
  CHECK_FALSE(TimeZone::parse("TZif"));
}

TEST_CASE("CronJob: of the starts that were missed the last is due") {
  const auto clock = [](const char* schedule, const char* since, std::optional<Duration> deadline = {}) {
    return CronClock{*CronSchedule::parse(schedule), {}, at(since), deadline};
  };
  const auto due = [&](const CronClock& of, const char* now) {
    const auto found = due_start(of, at(now));
    return (found.at ? core::render_rfc3339(*found.at) : "none") + (found.is_too_often ? " too often" : "") +
           (found.is_impossible ? " impossible" : "");
  };
  const auto hourly = clock("0 * * * *", "2026-11-23T09:30:00Z");
  CHECK(due(hourly, "2026-11-23T09:59:59Z") == "none");
  CHECK(due(hourly, "2026-11-23T10:00:00Z") == "2026-11-23T10:00:00Z");
  CHECK(due(hourly, "2026-11-23T15:10:00Z") == "2026-11-23T15:00:00Z");
  CHECK(due(hourly, "2026-11-30T15:10:00Z") == "2026-11-30T15:00:00Z too often");
  CHECK(due(clock("0 * * * *", "2026-11-23T09:30:00Z", 10min), "2026-11-30T15:05:00Z") == "2026-11-30T15:00:00Z");
  CHECK(due(clock("0 * * * *", "2026-11-23T09:30:00Z", 10min), "2026-11-30T15:15:00Z") == "none");
  CHECK(due(clock("30 6-16/4 * * 1-5", "2026-11-20T20:00:00Z"), "2026-11-24T11:00:00Z") == "2026-11-24T10:30:00Z");
  CHECK(due(clock("59 23 31 2 *", "2026-11-20T20:00:00Z"), "2026-11-24T11:00:00Z") == "none impossible");
  CHECK(until_next_start(hourly, at("2026-11-23T09:40:00Z")) == 20min + 100ms);
  CHECK(until_next_start(hourly, at("2026-11-23T15:10:00Z")) == 50min + 100ms);
  CHECK(render_rfc1123(at("2026-11-03T10:05:00Z")) == "Tue, 03 Nov 2026 10:05:00 +0000");
}

}  // namespace slipway::pods::workloads
