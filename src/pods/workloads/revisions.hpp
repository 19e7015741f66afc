#pragma once
// ControllerRevisions: the templates that a StatefulSet or DaemonSet had, numbered, for `kubectl rollout history` and
// `undo`. A revision's data is the patch that brings its template back. Inside the room only.

#include <set>
#include <string>
#include <vector>

#include "objects/store.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind controller_revision_kind{"apps", "v1", "ControllerRevision", "controllerrevisions"};
inline constexpr const char* revision_hash_label = "controller.kubernetes.io/hash";
// Of a Pod: from which revision it was made.
inline constexpr const char* pod_revision_label = "controller-revision-hash";

struct Revisions {
  std::vector<objects::Object> all;  // the oldest first
  objects::Object newest;            // of the present template
  int collisions = 0;                // names that somebody else had; kept in status.collisionCount
};

// The revisions of `owner`, the present template's among them: made when it is new, numbered anew when it came back.
Result<Revisions> keep_revisions(objects::Store& store, const objects::Object& owner);
// All but those of `live` (names) and the youngest spec.revisionHistoryLimit of the others go.
Result<> forget_revisions(objects::Store& store, const objects::Object& owner, const Revisions& revisions,
                          const std::set<std::string>& live);
// The Pod template that this revision brings back.
const doc::Value& template_of(const objects::Object& revision);
std::int64_t number_of(const objects::Object& revision);

}  // namespace slipway::pods::workloads
