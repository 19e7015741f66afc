#pragma once
// Undoes `Content-Encoding: gzip` of a request body; git compresses what it asks for. Pure.

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::forge {

// invalid_argument for anything that is not gzip, resource_exhausted beyond `limit` bytes.
Result<std::string> gunzip(std::string_view bytes, std::size_t limit);

}  // namespace slipway::forge
