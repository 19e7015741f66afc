#pragma once
// The sentences of Go's json package about a value of the wrong type. For check.cpp and normalize.cpp.

#include <string>
#include <string_view>

#include "objects/schema/schema.hpp"

namespace slipway::objects::schema {

// "v1.Container", "[]string", "map[string]int32".
std::string go_name(const Type& type);

// Base64 without the line ends that Go passes over.
std::string in_one_line(std::string_view base64);

// What is wrong with a scalar (or a quantity, a time, ...), or "": `where` is "" or "struct field PodSpec.spec.x ".
std::string scalar_problem(const doc::Value& value, const Type& type, const std::string& where);
// "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container"
std::string cannot_unmarshal(const doc::Value& value, std::string_view go_type, const std::string& where);

}  // namespace slipway::objects::schema
