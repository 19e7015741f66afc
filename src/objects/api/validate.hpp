#pragma once
// What is wrong with an object before it is kept: the rules of its kind.

#include "objects/api/context.hpp"

namespace slipway::objects::api {

// 422 with every problem at its field. The review is afterwards what it was.
Answer<> validate(const Context& context, Review& review);

}  // namespace slipway::objects::api
