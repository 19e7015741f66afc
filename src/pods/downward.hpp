#pragma once
// What a Pod may be told of itself (the downward API), for variables and for volumes. Pure.

#include <string>

#include "objects/object.hpp"

namespace slipway::pods {

// Of fieldRef.fieldPath; invalid_argument for a path that means nothing here.
Result<std::string> field_value(const objects::Object& pod, const std::string& path, const std::string& pod_ip);
// The same for a file, where metadata.labels and metadata.annotations are whole: key="value", a line each.
Result<std::string> field_text(const objects::Object& pod, const std::string& path, const std::string& pod_ip);
// Of resourceFieldRef: limits.cpu and its like, in units of the divisor, rounded up.
Result<std::string> resource_value(const doc::Value& container, const doc::Value& reference);

}  // namespace slipway::pods
