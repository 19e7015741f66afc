#pragma once
// Who owns which field, and server-side apply: what an applier says is laid over the object, what it said before and
// says no more goes away unless somebody else owns it, and what others own with another value is a conflict. Every
// other write only takes over what it changed. Pure: documents and the time come in, the document with its
// managedFields goes out; storing, dry-run, defaulting and validation are the caller's.

#include <string>

#include "core/time.hpp"
#include "objects/patch/managed_fields.hpp"
#include "objects/schema/schema.hpp"

namespace slipway::objects::patch {

struct Writer {
  std::string manager;      // ?fieldManager=, else the start of the User-Agent; "unknown" when empty
  std::string api_version;  // of the request: "apps/v1"
  std::string subresource;  // "status", "scale", ...: its ownership is kept apart
  core::Time now;
};

// What this endpoint does not let a writer change, and so not own either; whole subtrees.
FieldSet reset_fields_of(bool has_status_subresource, std::string_view subresource);

// Server-side apply of `config` to `live` (null or without metadata.uid: the object is new; it comes out as `config`
// with managedFields). Nulls that the config says stay; decoding drops them. The result is `live`, but for
// managedFields, when nothing changed.
// invalid_argument: the config is not of the type, says managedFields, or another apiVersion than the writer;
// conflict: see is_apply_conflict(); internal: the stored managedFields cannot be read.
Result<doc::Value> apply(const schema::Type& type, const doc::Value& live, const doc::Value& config,
                         const Writer& writer, bool force, const FieldSet& reset_fields = {});

// Conflicts with other managers: the message is an API server's; each cause is one conflict: its message
// (`conflict with "m1"`) and, as its object, the field (`.spec.replicas`). Status reason Conflict, causes'
// reason FieldManagerConflict.
bool is_apply_conflict(const Error& error);

// `after` with managedFields after a create (`before` null), update or patch by `writer`: it owns what it changed,
// nobody owns what went away. managedFields in `after` are the request's: [] or [{}] forgets them all, a readable list
// replaces them, anything else (and any, for a subresource) is ignored. Without entries and not new: stays untracked
// until the first apply. When the object is not of the type, managedFields go: better none than wrong ones.
doc::Value track_update(const schema::Type& type, const doc::Value& before, doc::Value after, const Writer& writer,
                        const FieldSet& reset_fields = {});

}  // namespace slipway::objects::patch
