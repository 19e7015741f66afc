#pragma once
// The parts of the spec of a CustomResourceDefinition, each checked by itself. Inside of crd/.

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "objects/crd/compile.hpp"
#include "objects/crd/definition.hpp"
#include "objects/validation/formats.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

// Which parts all versions have in common.
struct SpecParts {
  bool same_schema = true, same_subresources = true, same_columns = true, same_selectable = true;
  static SpecParts of(const doc::Value& spec);
};

std::string joined(const validation::Complaints& complaints);  // with commas

validation::Problems check_names(const doc::Value& names, const Names& with_defaults);
// How many are stored, and whether their names differ.
validation::Problems check_versions(const doc::Value& versions);
validation::Problems check_deprecation(const doc::Value& version, const std::string& at);
validation::Problems check_subresources(const doc::Value& subresources, const std::string& at);
validation::Problems check_columns(const doc::Value& columns, const std::string& at);
validation::Problems check_selectable_fields(const std::vector<std::string>& fields, const Node& root,
                                             const std::string& at);
validation::Problems check_conversion(const doc::Value& spec);
// What an update must not change, and versions that objects are stored in.
validation::Problems check_update(const doc::Value& crd, const doc::Value& old);
// `at`: "spec.validation.openAPIV3Schema". `has_status`: the status is written on its own. `bundled`: as
// check_structural() has it.
validation::Problems check_schema(const doc::Value& schema, const std::string& at, bool has_status,
                                  const CompiledSchema& compiled, bool bundled);

}  // namespace slipway::objects::crd
