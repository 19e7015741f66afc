#pragma once
// The defaults that Kubernetes keeps in code and not in its schemas, by the type they belong to. For defaults.cpp
// alone.

#include <span>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::objects::schema {

// Members that are set where they are not.
struct ConstantDefaults {
  std::string_view type;  // full name
  std::string_view json;
};
std::span<const ConstantDefaults> constant_defaults();

// Defaults that depend on what else the object says.
struct ComputedDefaults {
  std::string_view type;
  void (*apply)(doc::Object& object);
};
std::span<const ComputedDefaults> computed_defaults();

// "IfNotPresent", or "Always" for an image without a digest whose tag is "latest" or missing. What is no reference to
// an image ("ko://a/b", "IMAGE") has no tag and is "IfNotPresent".
std::string_view image_pull_policy(std::string_view image);

}  // namespace slipway::objects::schema
