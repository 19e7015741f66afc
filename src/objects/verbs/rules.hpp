#pragma once
// The rules of values that an object of a kind must keep to before it is stored, whoever writes it: built-in kinds by
// code, custom resources by their definition.

#include "objects/schema/resource.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::verbs {

// `object` is canonical; `before` is null for a new one.
validation::Problems problems_of(const schema::Resource& resource, const doc::Value& object, const doc::Value& before,
                                 std::string_view subresource);

}  // namespace slipway::objects::verbs
