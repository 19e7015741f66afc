#pragma once
// Runs the real promtool in tests. Only for tests.

#include <string>
#include <vector>

namespace slipway::slo::testing {

bool has_promtool();  // says so once when it is not installed
struct PromtoolRun {
  int exit_code = -1;
  std::string output;
};
// `promtool ARGUMENTS FILE`, where FILE contains `text`.
PromtoolRun promtool(std::vector<std::string> arguments, const std::string& text);

}  // namespace slipway::slo::testing
