#pragma once
// Objects as a Table of meta.k8s.io: what kubectl prints.

#include <span>

#include "objects/api/output.hpp"

namespace slipway::objects::api {

// Without metadata, which is the caller's. `objects` are as their client speaks of them.
doc::Value table_of(const schema::Resource& resource, std::span<const doc::Value> objects, IncludeObject include,
                    core::Time now);

}  // namespace slipway::objects::api
