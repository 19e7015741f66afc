#pragma once
// The status of a CustomResourceDefinition as a function of what is there: whether its names are its own, whether it is
// served, which versions objects are stored in. In the words of a Kubernetes API server. Pure.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "objects/catalog.hpp"
#include "objects/crd/definition.hpp"

namespace slipway::objects::crd {

// Names that are taken in one group: of resources (plural, singular, short) and of kinds (kind, list kind).
struct TakenNames {
  std::set<std::string> resources, kinds;
};
// What other definitions of the group were accepted with, and what built-in kinds of the group are called.
// `definitions`: all that are stored, `name` is left out.
TakenNames taken_names(std::string_view group, std::string_view name, std::span<const doc::Value> definitions,
                       const schema::Registry& builtin = schema::builtin());

// The status that a stored definition should have; equal to the one it has when nothing changes. With all names
// accepted it is Established: a catalog that is given resources_of() serves them at once.
doc::Value status_of(const doc::Value& crd, const TakenNames& taken, core::Time now);

// status.storedVersions after a write: those of the old object, and the version marked as stored.
std::vector<std::string> stored_versions_of(const doc::Value& spec, const doc::Value& old);

bool is_established(const doc::Value& crd);  // status.conditions
// Those in status.acceptedNames: what is served.
Names accepted_names_of(const doc::Value& crd);

}  // namespace slipway::objects::crd
