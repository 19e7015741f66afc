#pragma once
// A Swagger 2.0 document in gnostic's protocol buffers, the only form in which client-go reads /openapi/v2: it asks for
// application/com.github.proto-openapi.spec.v2@v1.0+protobuf and nothing else, and takes JSON for garbage. kubectl
// needs it for `explain --output=plaintext-openapiv2` and looks into it when it applies custom resources. Field
// numbers: github.com/google/gnostic-models, openapiv2/OpenAPIv2.proto. Pure.

#include <string>

#include "core/doc.hpp"

namespace slipway::objects::openapi {

// `swagger` is one of ours: parameters are in path, query or body; no references to parameters or responses.
std::string encode_gnostic_v2(const doc::Value& swagger);

}  // namespace slipway::objects::openapi
