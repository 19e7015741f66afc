#pragma once
// Where a piece of a YAML scalar stands in its file, so that an error in the third line of a `run: |` block points at
// that line. Not for documents themselves: their values carry their own marks.

#include <cstddef>
#include <string_view>

#include "core/error.hpp"

namespace slipway::expr {

// `text` is the decoded text of the scalar at `scalar`; [offset, offset + length) is the piece. Plain, quoted and block
// scalars keep their lines, so the piece's line is searched from the scalar's on; when folding or escapes hide it, the
// scalar's own mark is returned. Pure.
core::Mark mark_within(const core::Mark& scalar, std::string_view text, std::size_t offset, std::size_t length);

}  // namespace slipway::expr
