#pragma once
// UTF-8: what is a character of it, and how one is written. Pure; safe from any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::core {

// Of the character at the front of `text`, in bytes; 0 where there is none.
std::size_t character_length(std::string_view text);
// The position of the first byte that is not valid UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);
void append_utf8(std::string& out, char32_t code_point);

}  // namespace slipway::core
