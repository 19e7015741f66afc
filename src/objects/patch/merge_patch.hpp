#pragma once
// JSON merge patch (RFC 7386, application/merge-patch+json): objects member by member, null removes, everything else
// is replaced. Pure.

#include "core/doc.hpp"

namespace slipway::objects::patch {

doc::Value merge_patched(doc::Value target, const doc::Value& patch);

// The same for a request's body: invalid_argument unless the patch is an object.
Result<doc::Value> apply_merge_patch(doc::Value target, const doc::Value& patch);

}  // namespace slipway::objects::patch
