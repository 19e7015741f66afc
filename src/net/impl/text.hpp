#pragma once
// The text of HTTP messages: heads, dates. What the gateway needs too is in net/headers.hpp.

#include <string>
#include <string_view>

#include "core/world/world.hpp"
#include "net/http.hpp"
#include "net/impl/url.hpp"

namespace slipway::net {

std::string http_date(core::Time time);  // "Mon, 23 Nov 2026 10:00:00 GMT"
bool has_no_body(int status);            // 1xx, 204, 304

enum class Framing { content_length, chunked, until_close };
// Head of an answer. Headers that belong to the connection (Content-Length, Transfer-Encoding, Connection, Date) are
// ours: the handler's are left out, as are malformed ones, which are logged.
std::string render_response_head(int status, const core::Headers& headers, Framing framing, std::size_t length,
                                 bool keep_alive);

// Head of a 101 answer; `headers` name the new protocol and are the caller's word for word.
std::string render_upgrade_head(const core::Headers& headers);

// The whole request as it goes over the wire. invalid_argument when a method, name or value would break out of its
// line.
core::Result<std::string> render_request(const core::HttpRequest& request, const Url& url, bool keep_alive);

}  // namespace slipway::net
