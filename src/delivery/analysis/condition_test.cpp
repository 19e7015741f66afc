#include "delivery/analysis/condition.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using slipway::delivery::analysis::Condition;
namespace doc = slipway::core::doc;

namespace {
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::string outcome(const std::string& text, const doc::Value& result) {
  auto condition = Condition::parse(text);
  if (!condition) return "parse error";
  auto value = condition->evaluate(result);
  return !value ? "error" : *value ? "true" : "false";
}
doc::Value vector_of(std::initializer_list<double> values) {
  doc::Array array;
  for (const double value : values) array.emplace_back(value);
  return doc::Value(std::move(array));
}
}  // namespace

TEST_CASE("conditions evaluate as in Argo Rollouts") {
  struct Row {
    const char* text;
    doc::Value result;
    const char* expected;
  };
  const Row rows[] = {
      {"result[0] >= 0.95", vector_of({0.97}), "true"},
      {"result[0] >= 0.95", vector_of({0.90}), "false"},
      {"result[0] >= 0.95", vector_of({not_a_number}), "false"},
      {"result[0] >= 0.95", vector_of({}), "error"},
      {"len(result) > 0 && result[0] < 3", vector_of({}), "false"},
      {"len(result) == 0 || result[0] < 3", vector_of({}), "true"},
      {"isNaN(result[0]) || result[0] >= 0.95", vector_of({not_a_number}), "true"},
      {"not (result[0] > 1) and result[1] < 5", vector_of({1, 4}), "true"},
      {"!(result[0] > 1) || false", vector_of({2}), "false"},
      {"result >= 0.5", doc::Value(0.5), "true"},
      {"result >= 0.5", vector_of({0.5}), "error"},
      {"result[0] * 100 + 2 - 1 >= 96", vector_of({0.95}), "true"},
      {"-result[0] < 0", vector_of({1}), "true"},
      {"result[0] / 0 > 1", vector_of({1}), "true"},
      {"result[0] % 2 == 1", vector_of({3}), "true"},
      {"1 + 2 * 3 == 7", vector_of({}), "true"},
      {"default(result[0], 0) == 0", vector_of({}), "true"},
      {"default(result, 1) < 0.05", doc::Value(), "false"},
      {"isNil(result)", doc::Value(), "true"},
      {"isInf(result[0])", vector_of({std::numeric_limits<double>::infinity()}), "true"},
      {"asInt(result[0]) == 3", vector_of({3.9}), "true"},
      {"result[0] in [1, 2, 3]", vector_of({2}), "true"},
      {"result[0] > 1 ? true : false", vector_of({2}), "true"},
      {"result[-1] == 9", vector_of({1, 9}), "true"},
      {"result[0]", vector_of({1}), "error"},
      {"max(result[0], 3) == 3", vector_of({2}), "true"},
      {"result[0] !=1", vector_of({2}), "true"},
      {"result[0] >= ", vector_of({1}), "parse error"},
      {"resultat[0] >= 1", vector_of({1}), "parse error"},
      {"result[0 >= 1", vector_of({1}), "parse error"},
      {"result[0] => 1", vector_of({1}), "parse error"},
      {"len()", vector_of({1}), "parse error"},
      {"", vector_of({1}), "parse error"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(outcome(row.text, row.result) == row.expected);
  }
}

TEST_CASE("a condition's error points at the place and names the nearest word") {
  auto condition = Condition::parse("result[0] > 1 && isNan(result[0])", "success-rate.successCondition");
  REQUIRE(!condition);
  CHECK(condition.error().mark.column == 18);
  CHECK(condition.error().hint == "did you mean \"isNaN\"?");
}

TEST_CASE("a condition nested too deeply is refused, not a crash") {
  CHECK(outcome(std::string(2000, '(') + "true" + std::string(2000, ')'), doc::Value()) == "parse error");
  CHECK(outcome(std::string(3000, '!') + "true", doc::Value()) == "parse error");
  CHECK(outcome(std::string(3000, '-') + "1 < 2", doc::Value()) == "parse error");
}
