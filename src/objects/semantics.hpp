#pragma once
// What a write means, as functions of values: which parts of a document each verb may change, when generation rises,
// when a write is a conflict. Knows nothing of tables, time sources or watchers; both stores share it.

#include "objects/object.hpp"
#include "objects/patch/merge_patch.hpp"

namespace slipway::objects {

// The key under which an object is stored: cluster-wide kinds have no namespace, a missing one is "default".
Name normalized(const Kind& kind, Name name);

// invalid_argument when the name, or the namespace, is not legal for the kind.
Result<> check_name(const Kind& kind, const Name& name);

// A new object as it is stored first: server-set metadata replaced by ours, generation 1. Needs metadata.name.
// invalid_argument when the name is not legal for the kind.
Result<Object> created(const Kind& kind, Object given, std::string uid, core::Time now);

// `given` over `stored`, everything but status. conflict when given's uid or resourceVersion is another one;
// failed_precondition when it adds a finalizer to an object that is being deleted. Equal to `stored` when nothing
// changed.
Result<Object> updated(const Kind& kind, const Object& stored, Object given);
// Status alone, under the same conflict rule.
Result<Object> status_updated(const Kind& kind, const Object& stored, const Object& given);
// What `given` says over `stored`: labels and annotations key by key, every other mentioned field as a whole; status
// stays.
Result<Object> applied(const Kind& kind, const Object& stored, const Object& given);
// RFC 7386 on the whole document; the result still goes through updated().
using patch::merge_patched;

// Its last finalizer went after it was deleted.
bool is_finished(const Object& object);

// Errors in the words of a Kubernetes API server.
Error not_found_error(const Kind& kind, const Name& name);
Error already_exists_error(const Kind& kind, const Name& name);
Error conflict_error(const Kind& kind, const Name& name);

}  // namespace slipway::objects
