#include "objects/schema/schema.hpp"

#include <algorithm>

namespace slipway::objects::schema {

const Field* Type::find(std::string_view field) const {
  constexpr std::size_t few = 16;  // most types; names mostly differ in length already
  if (fields.size() <= few) {
    for (const Field& known : fields) {
      if (known.name == field) return &known;
    }
    return nullptr;
  }
  const auto at = std::ranges::lower_bound(fields, field, {}, [](const Field& f) { return std::string_view(f.name); });
  return at != fields.end() && at->name == field ? &*at : nullptr;
}

}  // namespace slipway::objects::schema
