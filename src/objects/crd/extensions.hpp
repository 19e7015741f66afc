#pragma once
// x-kubernetes-list-type, -list-map-keys, -map-type and -preserve-unknown-fields: whether they fit the schema that they
// stand in. Inside of crd/.

#include "core/doc.hpp"
#include "objects/crd/path.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

validation::Problems check_extensions(const doc::Value& schema, const Path& path);

}  // namespace slipway::objects::crd
