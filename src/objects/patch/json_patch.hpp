#pragma once
// JSON patch (RFC 6902, application/json-patch+json). Pure. Where the API server's library is more lenient than the
// standard so is this, because clients rely on it: `replace` of a missing member adds it, negative indices count from
// the end, `test` of a missing member against null holds, `copy` of a missing member gives null.

#include "core/doc.hpp"

namespace slipway::objects::patch {

inline constexpr std::size_t kMaxJsonPatchOperations = 10'000;
// All copies of one patch together, in bytes of JSON: without it a hundred copies of the root are a bomb.
inline constexpr std::size_t kMaxJsonPatchCopied = 3U << 20U;

// `target` with every operation of `patch` done in order, or the first error in an API server's words:
// invalid_argument: not a JSON patch (400); resource_exhausted: too many operations, or copies (413);
// failed_precondition: an operation does not apply (422).
Result<doc::Value> apply_json_patch(doc::Value target, const doc::Value& patch);

}  // namespace slipway::objects::patch
