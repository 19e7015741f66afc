#pragma once
// What may reach git's command line or a path. Pure.

#include <string_view>

#include "core/result.hpp"

namespace slipway::forge {

Result<> check_repository(std::string_view name);
Result<> check_commit(std::string_view commit);  // 40 lower-case hex digits
Result<> check_path(std::string_view path);      // relative, no "." or ".." parts, no control characters; "" is fine
Result<> check_revision(std::string_view revision);  // a ref name or commit that git cannot take for an option

}  // namespace slipway::forge
