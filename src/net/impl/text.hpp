#pragma once
// The text of HTTP messages: heads, dates, names of statuses.

#include <string>
#include <string_view>

#include "core/world/world.hpp"
#include "net/http.hpp"
#include "net/impl/url.hpp"

namespace slipway::net {

bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string_view reason_of(int status);        // "Not Found"; "Status" for unknown ones
std::string http_date(core::Time time);        // "Mon, 23 Nov 2026 10:00:00 GMT"
bool is_header_name(std::string_view name);    // a token of RFC 9110
bool is_header_value(std::string_view value);  // no CR, LF, NUL or other control but tab
bool has_no_body(int status);                  // 1xx, 204, 304

enum class Framing { content_length, chunked, until_close };
// Head of an answer. Headers that belong to the connection (Content-Length, Transfer-Encoding, Connection, Date) are
// ours: the handler's are left out, as are malformed ones, which are logged.
std::string render_response_head(int status, const core::Headers& headers, Framing framing, std::size_t length,
                                 bool keep_alive);

// The whole request as it goes over the wire. invalid_argument when a method, name or value would break out of its
// line.
core::Result<std::string> render_request(const core::HttpRequest& request, const Url& url, bool keep_alive);

}  // namespace slipway::net
