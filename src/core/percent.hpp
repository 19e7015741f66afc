#pragma once
// Percent-encoding of RFC 3986, section 2.1, for whoever reads or writes URLs. Which characters stay as they are is
// each part's own business. Pure; safe from any thread.

#include <expected>
#include <string>
#include <string_view>

namespace slipway::core {

// -1 when it is no hexadecimal digit.
int hex_digit(char c);
// "%41" at `at`: the byte, or -1.
int escaped_byte(std::string_view text, std::size_t at);

std::string percent_encoded(std::string_view text, bool (*stays)(char));
// The error: where the escape is that is none.
std::expected<std::string, std::size_t> percent_decoded(std::string_view text);

}  // namespace slipway::core
