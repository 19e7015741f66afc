#pragma once
// How an error shows the user's own line. Inside of core: others call Error::render().

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace slipway::core {

// The line that `mark` points to with a caret below, each line behind `margin` and ended by '\n'; "" when the line
// is not known. Long lines are cut around the caret.
//      14 |         - setWieght: 20
//         |           ^~~~~~~~~
std::string render_excerpt(const Mark& mark, std::string_view margin);

// Line `number` (from 1) of `text` without its line break; nothing when there are fewer.
std::string_view line_of(std::string_view text, std::uint32_t number);

}  // namespace slipway::core
