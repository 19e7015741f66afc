#include "objects/api/validate.hpp"

#include "objects/verbs/rules.hpp"

namespace slipway::objects::api {
namespace {

// What engines of ours make of a kind is no judgement of objects that somebody else's definition of it describes.
bool is_admitted_by_us(const schema::Resource& resource) {
  return !resource.is_custom() || resource.custom->is_bundled;
}

}  // namespace

Answer<> validate(const Context& context, Review& review) {
  if (context.admit && review.subresource.empty() && is_admitted_by_us(*review.resource)) {
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
