#pragma once
// Reading proto3 JSON: every field may be written in camelCase or in snake_case. Inside dialects/kfp only.

#include <string_view>

#include "core/doc.hpp"

namespace slipway::workflow::kfp {

// The member of that camelCase name, or of its snake_case spelling; a shared null when absent.
const core::doc::Value& field(const core::doc::Value& object, std::string_view camel);

}  // namespace slipway::workflow::kfp
