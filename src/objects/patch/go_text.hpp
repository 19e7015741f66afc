#pragma once
// How Go prints JSON values, for messages and texts that people know from a Kubernetes API server.

#include <string>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::objects::patch {

std::string go_text(const doc::Value& value);          // %v: map[a:1 b:[x y]], keys sorted, <nil>
std::string go_literal(const doc::Value& value);       // %#v: map[string]interface {}{"a":1}
std::string go_quoted(std::string_view text);          // %q
std::string_view go_type_of(const doc::Value& value);  // %T: "map[string]interface {}"
std::string go_json(const doc::Value& value);          // encoding/json: keys sorted, <, > and & as escapes

}  // namespace slipway::objects::patch
