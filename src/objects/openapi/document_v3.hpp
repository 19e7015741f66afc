#pragma once
// One group and version as an OpenAPI 3.0 document: its paths, and the schemas that they need. Pure.

#include "core/doc.hpp"
#include "objects/discovery/groups.hpp"
#include "objects/schema/builtin.hpp"

namespace slipway::objects::openapi {

doc::Value document_v3(const discovery::GroupVersion& version, const schema::Registry& registry);

}  // namespace slipway::objects::openapi
