#pragma once
// Strategic merge patch (application/strategic-merge-patch+json): like a merge patch, but lists are merged by what the
// schema says of them (Field::patch_merge, Field::patch_merge_key), and directives in the patch ($patch,
// $deleteFromPrimitiveList/x, $setElementOrder/x, $retainKeys) delete, replace and order. Pure. Only for built-in
// kinds: a custom resource's patch of this type is refused by the caller (415).

#include "core/doc.hpp"
#include "objects/schema/schema.hpp"

namespace slipway::objects::patch {

// `original` with `patch` merged into it. Errors are in apimachinery's words:
// invalid_argument: a directive has the wrong form (400); failed_precondition: lists of lists (422);
// internal: everything else that cannot be merged, which an API server answers with a plain 500: an element without
// its merge key, a list of mixed types, a field that the schema does not know where it would have to be merged.
// Nulls inside new list elements stay, as there; decoding drops them.
Result<doc::Value> apply_strategic_merge(doc::Value original, const doc::Value& patch, const schema::Type& type);

}  // namespace slipway::objects::patch
