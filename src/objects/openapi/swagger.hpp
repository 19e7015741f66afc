#pragma once
// The document of /openapi/v2: Swagger 2.0 of everything at once, made from the OpenAPI v3 documents of all groups and
// versions. What Swagger cannot say is left out (oneOf, nullable), so that older clients see an arbitrary value there.
// https://swagger.io/specification/v2/ Pure.

#include <string>

#include "core/doc.hpp"

namespace slipway::objects::openapi {

class Swagger {
 public:
  // A definition that an earlier document had too is kept as it was there.
  void add(const doc::Value& document_v3);
  // Once, last.
  doc::Value take();

 private:
  doc::Object paths_;
  doc::Object definitions_;
};

}  // namespace slipway::objects::openapi
