#pragma once
// Whether a schema is structural: its structure (types, fields, elements) is said outside of logic, and logic only adds
// checks to it. What Kubernetes calls so:
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema

#include <string>

#include "core/doc.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

// Whether a schema has a structure at all: without references, definitions, patterns of names and lists of schemas.
// What is in the way where it has none, in words; empty: nothing. openapi.hpp refuses most of it too.
std::string what_has_no_structure(const doc::Value& schema);

// Sorted by their text. `path`: of `schema`, which is the one of a whole resource.
// `bundled`: it comes with the program, and may add texts to an object's metadata.
validation::Problems check_structural(const doc::Value& schema, const std::string& path, bool bundled = false);

}  // namespace slipway::objects::crd
