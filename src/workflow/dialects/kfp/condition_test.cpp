#include "workflow/dialects/kfp/condition.hpp"

#include <doctest/doctest.h>

using namespace slipway;
using namespace slipway::workflow;

TEST_CASE("the conditions of compiled pipelines hold or fail as CEL says") {
  const doc::Object parameters{{"target", "dev"}, {"rows", 10.0}, {"flag", true}, {"text", "7"}};
  const std::pair<const char*, const char*> table[] = {
      {"inputs.parameter_values['target'] == 'dev'", "true"},
      {"inputs.parameter_values[\"target\"] != 'dev'", "false"},
      {"int(inputs.parameter_values['rows']) > 9", "true"},
      {"inputs.parameter_values['rows'] == 10", "true"},
      {"!(int(inputs.parameter_values['rows']) == 1) && !(int(inputs.parameter_values['rows']) > 50)", "true"},
      {"inputs.parameter_values['flag'] == true", "true"},
      {"inputs.parameter_values['flag']", "true"},
      {"int(inputs.parameter_values['text']) == 7", "true"},
      {"inputs.parameter_values['text'] == 7", "false"},
      {"inputs.parameter_values['text'].size() == 1", "true"},
      {"has(inputs.parameter_values.gone)", "false"},
      {"inputs.parameter_values['gone'] == 7", "no such key: gone"},
      {"inputs.parameter_values['target']", "the expression gives string where a bool is wanted"},
      {"inputs.parameter_values['target'] < 1", "no such overload"},
      {"1 + 1", "the condition gives int, not true or false"},
      {"outputs.x == 1", "undeclared reference to 'outputs' (in container '')"},
      {"inputs.parameter_values['a'] ==", "Syntax error"}};
  for (const auto& [text, expected] : table) {
    CAPTURE(text);
    const auto parsed = kfp::parse_condition(text, {});
    const auto result = parsed ? kfp::holds(*parsed, parameters) : Result<bool>(std::unexpected(parsed.error()));
    const auto shown = result ? (*result ? "true" : "false") : result.error().message;
    CHECK(shown.substr(0, std::string_view(expected).size()) == expected);
  }
}

TEST_CASE("a mistake in a condition is shown where it stands in the file") {
  const auto file = doc::parse_yaml("a: 1\ncondition: inputs.x == nope\n", "pipeline.yaml");
  const auto& scalar = (*file)["condition"];
  const auto parsed = kfp::parse_condition(scalar.as_string(), scalar.mark());
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().mark.render() == "pipeline.yaml:2:24");
}
