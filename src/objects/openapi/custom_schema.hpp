#pragma once
// The published schema of a custom kind: openAPIV3Schema of its CustomResourceDefinition with what every object has.
// Pure; safe from any thread.

#include "core/doc.hpp"

namespace slipway::objects::openapi {

// `written`: openAPIV3Schema, may be null. `metadata`: a reference to ObjectMeta's schema.
doc::Object custom_schema(const doc::Value& written, const doc::Value& metadata);

}  // namespace slipway::objects::openapi
