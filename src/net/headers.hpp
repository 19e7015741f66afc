#pragma once
// The words of HTTP/1.1 (RFC 9110) that the control plane's server and client and the gateway share: tokens, lists of
// headers, names of statuses. Pure; safe from any thread. Heads and framing are each engine's own.

#include <string>
#include <string_view>

#include "core/world/world.hpp"

namespace slipway::net {

// The name of a header or a method. Names of headers are compared with core::equal_ignoring_case().
bool is_token(std::string_view text);
bool is_header_value(std::string_view value);  // no CR, LF, NUL or other control but tab

// All headers of that name.
void remove_header(core::Headers& headers, std::string_view name);
// The only one of its name afterwards, at the end.
void set_header(core::Headers& headers, std::string_view name, std::string value);
// "Name: value\r\n"; the caller has checked both.
void append_header(std::string& text, std::string_view name, std::string_view value);

std::string_view reason_of(int status);  // "Not Found"; "Status" for unknown ones

}  // namespace slipway::net
