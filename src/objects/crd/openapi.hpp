#pragma once
// Whether a schema says only what schemas of CustomResourceDefinitions may say, extensions (x-kubernetes-*) and rules
// included. Not whether it is structural: structural.hpp. Inside of crd/.

#include <string>

#include "core/doc.hpp"
#include "objects/crd/node.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

// `path`: of `schema`, the one of a whole resource. `compiled`: what it was compiled to, to check its rules and what
// they cost; nullptr: rules are passed over.
validation::Problems check_openapi(const doc::Value& schema, const std::string& path, const Node* compiled);

// Defaults fit their schema and have no fields that are pruned.
validation::Problems check_defaults(const doc::Value& schema, const std::string& path, const Node& compiled);

}  // namespace slipway::objects::crd
