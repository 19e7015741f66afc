#pragma once
// Refuses heads that two servers could read differently (request smuggling), before llhttp, which is lenient about
// some of them, sees the bytes.

#include "core/result.hpp"
#include "gateway/http1/message.hpp"

namespace slipway::gateway::http1 {

// `head` ends in the empty line. Checks every byte: CRLF line ends only, no folded lines, names that are tokens right
// before the colon, no control characters in values, exactly three words in a request line, HTTP/1.0 or 1.1.
Result<> check_head_bytes(std::string_view head, bool request);

// Meaning: one Content-Length in digits alone, Transfer-Encoding only as "chunked", on HTTP/1.1, never both; exactly
// one Host in HTTP/1.1; a path (or http:// URL) without dot segments, fragments or bytes that need escapes.
Result<> check_request(const Head& head);
Result<> check_response(const Head& head);

}  // namespace slipway::gateway::http1
