#pragma once
// The paths and operations of one group and version, as OpenAPI v3 shows them: every verb of every resource and
// subresource. Pure.

#include "core/doc.hpp"
#include "objects/discovery/groups.hpp"
#include "objects/openapi/components.hpp"

namespace slipway::objects::openapi {

// By path. The schemas that bodies need are added to `components`.
doc::Object paths_of(const discovery::GroupVersion& version, Components& components);

}  // namespace slipway::objects::openapi
