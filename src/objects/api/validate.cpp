#include "objects/api/validate.hpp"

#include "objects/verbs/rules.hpp"

namespace slipway::objects::api {

Answer<> validate(const Context& context, Review& review) {
  if (context.admit && review.subresource.empty()) {
    Object object(std::move(review.object));
    const auto admitted = context.admit(object);
    review.object = std::move(object.document());
    if (!admitted) return refuse(from_error(admitted.error(), review.resource.get(), review.name.name));
  }
  const auto problems = verbs::problems_of(*review.resource, review.object, review.before, review.subresource);
  if (problems.empty()) return {};
  std::vector<Cause> causes;
  for (const auto& problem : problems)
    causes.push_back({std::string(name_of(problem.reason)), problem.body(), problem.field});
  return refuse(invalid(*review.resource, review.name.name, std::move(causes)));
}

}  // namespace slipway::objects::api
