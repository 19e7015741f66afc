#include "objects/api/validate.hpp"

#include "objects/validation/problem.hpp"

namespace slipway::objects::api {

Answer<> validate(const Context& context, const Review& review) {
  if (context.admit && review.subresource.empty()) {
    if (auto admitted = context.admit(Object(review.object)); !admitted) {
      return refuse(from_error(admitted.error(), review.resource.get(), review.name.name));
    }
  }
  return {};
}

}  // namespace slipway::objects::api
