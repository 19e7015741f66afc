#pragma once
// The parameters that requests of a Kubernetes API server take, as OpenAPI v3 shows them. Pure; safe from any thread.

#include <string_view>

#include "core/doc.hpp"

namespace slipway::objects::openapi {

enum class Parameters { list, create, patch, remove, remove_collection, log, exec, attach, portforward, proxy };

// Sorted by name; written out in place, since kubectl resolves no references to them.
const doc::Array& parameters_of(Parameters which);

// A part of the path: required. `name` is "name", "namespace" or "path".
doc::Value path_parameter(std::string_view name);
doc::Value pretty_parameter();

}  // namespace slipway::objects::openapi
