#include "core/quantity.hpp"

#include <doctest/doctest.h>

using slipway::core::Quantity;

TEST_CASE("quantities are read, compared and rendered as Kubernetes does") {
  const struct {
    const char* text;
    std::int64_t milli;
    const char* rendered;
  } table[] = {{"0", 0, "0"},
               {"1", 1000, "1"},
               {"500m", 500, "500m"},
               {"0.5", 500, "500m"},
               {"1.5", 1500, "1500m"},
               {"2000m", 2000, "2"},
               {"2e3", 2000000, "2k"},
               {"2E3", 2000000, "2k"},
               {"1k", 1000000, "1k"},
               {"1500", 1500000, "1500"},
               {"1M", 1000000000, "1M"},
               {"1Ki", 1024000, "1Ki"},
               {"1024Mi", 1073741824000, "1Gi"},
               {"1.5Gi", 1610612736000, "1536Mi"},
               {"0.5Ki", 512000, "512"},
               {"-1", -1000, "-1"},
               {"+1", 1000, "1"},
               {".5", 500, "500m"},
               {"5.", 5000, "5"},
               {"100u", 1, "1m"},
               {"1n", 1, "1m"},
               {"1.0001", 1001, "1001m"},
               {"1000e-3", 1000, "1"},
               {"1E", INT64_MAX, "9223372036854775807m"},
               {"12345678901234567890123", INT64_MAX, "9223372036854775807m"},
               {"0.00000000000000000000000000000000000001", 1, "1m"}};
  for (const auto& row : table) {
    CAPTURE(row.text);
    const auto quantity = Quantity::parse(row.text);
    REQUIRE(quantity.has_value());
    CHECK(quantity->milli() == row.milli);
    CHECK(quantity->render() == row.rendered);
  }
}

TEST_CASE("what is no quantity gets the real server's sentence") {
  const std::string format =
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  for (const char* text : {"", "abc", "1 Gi", "1x", "Gi", "1\n"}) {
    CAPTURE(text);
    const auto quantity = Quantity::parse(text);
    REQUIRE(!quantity.has_value());
    CHECK(quantity.error().message == format);
  }
  for (const char* text : {"1gi", "1KI"}) CHECK(!Quantity::parse(text).has_value());
  for (const char* text : {"1ki", "1e", "1ee3", "1mm", "1K"}) {
    CAPTURE(text);
    CHECK(Quantity::parse(text).error().message == "unable to parse quantity's suffix");
  }
  for (const char* text : {".", "1.2.3", "-."}) {
    CAPTURE(text);
    CHECK(Quantity::parse(text).error().message == "unable to parse numeric part of quantity");
  }
}

TEST_CASE("the value of a quantity is rounded up, away from zero") {
  CHECK(Quantity::parse("1500m").value().value() == 2);
  CHECK(Quantity::parse("-1500m").value().value() == -2);
  CHECK(Quantity::parse("2").value().value() == 2);
  CHECK(Quantity::parse("1Gi").value() > Quantity::parse("1G").value());
  CHECK(Quantity::parse("1").value() == Quantity::parse("1000m").value());
}
