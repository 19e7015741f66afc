#include "objects/verbs/rules.hpp"

#include "objects/crd/bundled.hpp"
#include "objects/crd/definition.hpp"
#include "objects/crd/validate.hpp"
#include "objects/validation/metadata.hpp"
#include "objects/validation/validate.hpp"

namespace slipway::objects::verbs {
namespace {

void add(validation::Problems& to, validation::Problems problems) {
  to.insert(to.end(), std::make_move_iterator(problems.begin()), std::make_move_iterator(problems.end()));
}

bool is_definition(const schema::Resource& resource) {
  return resource.is("apiextensions.k8s.io", "CustomResourceDefinition");
}

// One that came with the program may have a group without a dot.
bool is_bundled(const doc::Value& definition) {
  return !definition["metadata"]["annotations"][crd::bundled_annotation].is_null();
}

validation::Problems problems_of_custom(const schema::Resource& resource, const doc::Value& object,
                                        const doc::Value* old, std::string_view subresource) {
  validation::Report report;
  const validation::At metadata = validation::At(object, report)["metadata"];
  constexpr auto finalizers = validation::FinalizerNames::qualified;
  validation::validate_metadata(metadata, resource.namespaced, validation::dns1123_subdomain, finalizers);
  if (old != nullptr) {
    validation::validate_metadata_update(metadata, validation::At(*old, report)["metadata"], finalizers);
  }
  auto problems = std::move(report.problems);
  const bool in_status = subresource == "status";
  if (resource.type != nullptr && resource.custom->types != nullptr) {
    add(problems, in_status ? crd::judge_status(object, *resource.type, old).problems
                            : crd::judge(object, *resource.type, old).problems);
  }
  if (const auto& scale = resource.custom->scale) add(problems, crd::validate_scale(object, *scale, in_status));
  return problems;
}

}  // namespace

validation::Problems problems_of(const schema::Resource& resource, const doc::Value& object, const doc::Value& before,
                                 std::string_view subresource) {
  if (subresource == "binding") return {};  // binding.hpp is its only rule
  const auto* old = before.is_null() ? nullptr : &before;
  if (resource.is_custom()) return problems_of_custom(resource, object, old, subresource);
  if (old == nullptr) {
    auto problems = validation::validate_create(resource, object);
    if (is_definition(resource)) {
      if (auto read = crd::read_definition(object, {.bundled = is_bundled(object)}); !read)
        add(problems, std::move(read).error());
    }
    return problems;
  }
  if (subresource == "status") return validation::validate_status_update(resource, object, before);
  if (subresource == "resize") return validation::validate_pod_resize(object, before);
  if (subresource == "ephemeralcontainers") return validation::validate_ephemeral_containers_update(object, before);
  auto problems = validation::validate_update(resource, object, before);
  const bool says_the_same = object["spec"] == before["spec"] && object["metadata"] == before["metadata"];
  if (is_definition(resource) && subresource.empty() && !says_the_same) {
    if (auto read = crd::read_definition(object, {.bundled = is_bundled(object), .old = old}); !read)
      add(problems, std::move(read).error());
  }
  return problems;
}

}  // namespace slipway::objects::verbs
