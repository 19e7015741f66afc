#pragma once
// The files by which a step speaks to the runner: GITHUB_OUTPUT, GITHUB_ENV and GITHUB_PATH. Inside dialects/actions
// only.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace slipway::workflow::actions {

// `name=value` lines and `name<<DELIMITER` blocks, in order. failed_precondition with the runner's own sentences:
// "Invalid format 'x'", "Matching delimiter not found 'EOF'". `file` names it in errors: "GITHUB_OUTPUT".
core::Result<std::vector<std::pair<std::string, std::string>>> parse_assignments(std::string_view text,
                                                                                 std::string_view file);
// One entry a line, empty lines left out.
std::vector<std::string> parse_lines(std::string_view text);

}  // namespace slipway::workflow::actions
