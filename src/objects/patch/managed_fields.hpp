#pragma once
// metadata.managedFields: who owns which fields of an object, as entries. How ownership changes is apply.hpp's
// business. Pure values.

#include <map>
#include <string>
#include <vector>

#include "objects/patch/field_set.hpp"

namespace slipway::objects::patch {

// What makes two entries one: an applier is the same in all versions, an updater is not.
struct ManagerId {
  std::string manager;
  bool applies = false;     // operation Apply; else Update
  std::string api_version;  // empty for appliers
  std::string subresource;

  bool operator==(const ManagerId&) const = default;
  // As conflict messages list them: by name, appliers first, subresources first.
  std::weak_ordering operator<=>(const ManagerId& other) const;
  std::string text() const;  // `"kubectl-set" using apps/v1`, as in conflict messages
};

struct Owned {
  FieldSet fields;
  std::string api_version;
  std::string time;  // RFC 3339, or empty
};

using ManagedFields = std::map<ManagerId, Owned>;

// From metadata.managedFields, which may be null. invalid_argument when an entry is not one.
Result<ManagedFields> parse_managed_fields(const doc::Value& entries);
// In the API server's order; null when there is none.
doc::Value render_managed_fields(const ManagedFields& managed);
// The request says "forget them": [] or [{}].
bool is_reset(const doc::Value& entries);

// Beyond ten updaters the oldest are put together as "ancient-changes", one per version.
inline constexpr std::size_t kMostUpdaters = 10;
void cap_updaters(ManagedFields& managed);

// What is never tracked: apiVersion, kind, and the metadata that only the server sets.
const FieldSet& untracked_fields();

}  // namespace slipway::objects::patch
