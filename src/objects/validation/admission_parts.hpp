#pragma once
// Rules that webhook configurations and admission policies share. Inside of validation.

#include "objects/validation/at.hpp"

namespace slipway::objects::validation {

bool is_blank(std::string_view text);
// Operations and resources that a webhook or policy is asked about.
void validate_rule(At rule);
void validate_match_conditions(At conditions);

}  // namespace slipway::objects::validation
