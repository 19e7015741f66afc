#pragma once
// The OpenAPI v3 schema of one type of the table of built-in kinds. For components.cpp alone. Pure.

#include <functional>

#include "core/doc.hpp"
#include "objects/schema/schema.hpp"

namespace slipway::objects::openapi {

// Gives {"$ref": ...} to a type that has a name.
using Refer = std::function<doc::Value(const schema::Type&)>;

// Of a type that has a name.
doc::Object builtin_schema(const schema::Type& type, const Refer& refer);

// What is said of the fields that every kind has, where the table says nothing; empty for others.
std::string_view common_description(std::string_view field);

}  // namespace slipway::objects::openapi
