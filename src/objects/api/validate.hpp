#pragma once
// What is wrong with an object before it is kept: the rules of its kind.

#include "objects/api/context.hpp"

namespace slipway::objects::api {

// 422 with every problem at its field.
Answer<> validate(const Context& context, const Review& review);

}  // namespace slipway::objects::api
