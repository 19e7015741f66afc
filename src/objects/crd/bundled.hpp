#pragma once
// The CustomResourceDefinitions that come with the program, told from other people's by an annotation that says what
// they were installed from.

#include <string_view>

#include "objects/object.hpp"

namespace slipway::objects::crd {

inline constexpr Kind definition_kind{"apiextensions.k8s.io", "v1", "CustomResourceDefinition",
                                      "customresourcedefinitions", false};

inline constexpr std::string_view bundled_annotation = "slipway.dev/bundled";

// `definition` with its mark.
Object marked_as_bundled(doc::Value definition);

// It came with the program, and nobody has put his own in its place.
bool is_bundled(const Object& definition);

// What stands where a bundled definition should.
enum class Standing {
  current,   // that very definition
  outdated,  // an earlier program's
  foreign,   // somebody else's: it stays
};
Standing standing_of(const Object& stored, const Object& marked);

}  // namespace slipway::objects::crd
