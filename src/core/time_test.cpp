#include "core/time.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace std::chrono_literals;

TEST_CASE("RFC 3339 times are read and written back") {
  const struct {
    const char* text;
    const char* seconds;
    const char* micros;
  } table[] = {{"2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000Z"},
               {"2026-11-23t10:00:00z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000Z"},
               {"2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.500000Z"},
               {"2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.123456Z"},
               {"2026-11-23T12:30:00+02:30", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000Z"},
               {"2026-11-22T23:00:00-11:00", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000Z"},
               {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"},
               {"1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.250000Z"}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    const auto time = core::parse_rfc3339(row.text);
    REQUIRE(time.has_value());
    CHECK(core::render_rfc3339(*time) == row.seconds);
    CHECK(core::render_rfc3339_micro(*time) == row.micros);
  }
  for (const char* text : {"", "2026-11-23", "2026-11-23T10:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z", "2026-11-23T10:00:00.Z",
                           "2026-11-23T10:00:00Zx", "2026-11-23T10:00:00+0200", "2026-1-23T10:00:00Z"}) {
    CAPTURE(text);
    CHECK(!core::parse_rfc3339(text).has_value());
  }
}

TEST_CASE("Go durations are read as Go reads them") {
  const struct {
    const char* text;
    Duration expected;
  } table[] = {{"0", 0s},
               {"1h2m3.5s", 1h + 2min + 3s + 500ms},
               {"300ms", 300ms},
               {"-1.5h", -90min},
               {"+5s", 5s},
               {".5s", 500ms},
               {"5.s", 5s},
               {"1us", 1us},
               {"1\xC2\xB5s", 1us},
               {"1\xCE\xBCs", 1us},
               {"1500ns", 1us},
               {"1m1m", 2min},
               {"0.100000000000000000000h", 6min},
               {"2562047h", 2562047h}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    const auto duration = core::parse_go_duration(row.text);
    REQUIRE(duration.has_value());
    CHECK(duration->count() == row.expected.count());
  }
  for (const char* text :
       {"", "3", "-", "s", ".s", "1d", "1h 2m", "1x", "--1s", "99999999999999999999h", "9223372036854775807h"}) {
    CAPTURE(text);
    CHECK(!core::parse_go_duration(text).has_value());
  }
}

TEST_CASE("Prometheus durations are whole numbers with larger units first") {
  const struct {
    const char* text;
    Duration expected;
  } table[] = {{"0", 0s},         {"5m", 5min},       {"30d", 30 * 24h},  {"1h30m", 90min},
               {"1y", 365 * 24h}, {"2w1d", 15 * 24h}, {"1s500ms", 1500ms}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(core::parse_prometheus_duration(row.text).value().count() == row.expected.count());
  }
  for (const char* text : {"", "5", "1.5h", "30m1h", "5m5m", "-5m", "m"}) {
    CAPTURE(text);
    CHECK(!core::parse_prometheus_duration(text).has_value());
  }
}

TEST_CASE("durations in manifests may lack the unit") {
  CHECK(core::parse_duration("30").value() == 30s);
  CHECK(core::parse_duration("30s").value() == 30s);
  CHECK(core::parse_duration("1h30m").value() == 90min);
  CHECK(core::parse_duration("7d").value() == 7 * 24h);
  const auto wrong = core::parse_duration("soon");
  REQUIRE(!wrong.has_value());
  CHECK(wrong.error().message == "invalid duration \"soon\"");
}

TEST_CASE("durations are rendered as Go does, and read back") {
  const struct {
    Duration duration;
    const char* text;
  } table[] = {{0s, "0s"},        {90s, "1m30s"},   {1500ms, "1.5s"},
               {300ms, "300ms"},  {1h, "1h0m0s"},   {1us, "1\xC2\xB5s"},
               {1500us, "1.5ms"}, {-90s, "-1m30s"}, {25h + 1us, "25h0m0.000001s"}};
  for (const auto& row : table) {
    CHECK(core::render_go_duration(row.duration) == row.text);
    CHECK(core::parse_go_duration(row.text).value() == row.duration);
  }
  CHECK(core::render_go_duration(Duration::min()).starts_with("-2562047788h"));
}

TEST_CASE("people read durations with one or two units") {
  const struct {
    Duration duration;
    const char* text;
  } table[] = {{0s, "0 s"},
               {400ms, "0.4 s"},
               {35ms, "35 ms"},
               {12s, "12 s"},
               {9949ms, "9.9 s"},
               {9960ms, "10 s"},
               {1s, "1 s"},
               {200s, "3 min 20 s"},
               {59999ms, "1 min"},
               {2h + 5min, "2 h 5 min"},
               {3 * 24h + 4h, "3 d 4 h"},
               {-5s, "-5 s"},
               {99900us, "0.1 s"}};
  for (const auto& row : table) CHECK(core::render_for_people(row.duration) == row.text);
}
