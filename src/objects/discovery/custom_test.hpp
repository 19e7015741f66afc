#pragma once
// A custom kind for tests: Oven of bakery.example.com in several versions, as a CustomResourceDefinition would give it.

#include <vector>

#include "objects/schema/resource.hpp"

namespace slipway::objects::discovery {

class OvenTypes : public schema::TypeOwner {
 public:
  schema::Type type;
};

inline schema::Resource oven(std::string_view version, doc::Value openapi_schema = {}) {
  const auto types = std::make_shared<OvenTypes>();
  types->type.shape = schema::Shape::object;
  auto custom = std::make_shared<schema::Custom>();
  custom->definition = "ovens.bakery.example.com";
  custom->storage_version = "v1";
  custom->has_status = true;
  custom->openapi_schema = std::move(openapi_schema);
  custom->types = types;
  schema::Resource resource;
  resource.group = "bakery.example.com";
  resource.version = version;
  resource.kind = "Oven";
  resource.plural = "ovens";
  resource.singular = "oven";
  resource.short_names = {"ov"};
  resource.categories = {"all"};
  resource.verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  resource.subresources = {{"status", resource.group, resource.version, "Oven", {"get", "patch", "update"}},
                           {"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}}};
  resource.type = &types->type;
  resource.custom = std::move(custom);
  return resource;
}

inline std::vector<schema::Resource> ovens(const std::vector<std::string_view>& versions) {
  std::vector<schema::Resource> out;
  for (const std::string_view version : versions) out.push_back(oven(version));
  return out;
}

}  // namespace slipway::objects::discovery
