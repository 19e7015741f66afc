#include "core/metrics.hpp"

#include <doctest/doctest.h>

using namespace slipway::core::metrics;

TEST_CASE(
    "a histogram's buckets are cumulative and end in +Inf, for those who read the text and for those who do not") {
  Family family("x", "What it is.", Family::Type::histogram, {0.1, 1});
  for (const double seconds : {0.05, 0.1, 0.5, 5.0}) family.observe({{"a", "b\"\n"}}, seconds);
  std::string text;
  family.render(text);
  CHECK(text ==
        "# HELP x What it is.\n# TYPE x histogram\n"
        "x_bucket{a=\"b\\\"\\n\",le=\"0.1\"} 2\nx_bucket{a=\"b\\\"\\n\",le=\"1\"} 3\n"
        "x_bucket{a=\"b\\\"\\n\",le=\"+Inf\"} 4\nx_sum{a=\"b\\\"\\n\"} 5.65\nx_count{a=\"b\\\"\\n\"} 4\n");
  std::vector<Sample> samples;
  family.collect(samples);
  REQUIRE(samples.size() == 5);
  CHECK(samples[1].name == "x_bucket");
  CHECK(samples[1].labels.at("le") == "1");
  CHECK(samples[1].labels.at("a") == "b\"\n");
  CHECK(samples[1].value == 3);
  CHECK(samples[3].name == "x_sum");
  CHECK_FALSE(samples[3].labels.contains("le"));
}

TEST_CASE("counters without labels are a name and a number") {
  Family family("y_total", "Y.", Family::Type::counter);
  auto& series = family.with({});
  series.add();
  series.add(1.5);
  std::string text;
  family.render(text);
  CHECK(text == "# HELP y_total Y.\n# TYPE y_total counter\ny_total 2.5\n");
  CHECK(family.total() == 2.5);
}
