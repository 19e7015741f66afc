#pragma once
// A field of an object's type by its name.

#include <algorithm>
#include <string_view>

#include "objects/schema/schema.hpp"

namespace slipway::objects::patch {

inline const schema::Field* field_of(const schema::Type& type, std::string_view name) {
  const auto found = std::ranges::lower_bound(type.fields, name, {},
                                              [](const schema::Field& field) { return std::string_view(field.name); });
  return found != type.fields.end() && found->name == name ? &*found : nullptr;
}

}  // namespace slipway::objects::patch
