#include "gateway/http1/strict.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "net/headers.hpp"

namespace slipway::gateway::http1 {
namespace {

using core::equal_ignoring_case;
using net::is_token;

bool is_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), core::is_digit); }

auto bad(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

Result<> check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos)
    return bad("malformed request line");
  if (!is_token(line.substr(0, first)) || first > 32) return bad("malformed method");
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const auto printable = [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '#' && c != '\\';
  };
  if (target.empty() || !std::all_of(target.begin(), target.end(), printable)) return bad("malformed request target");
  const std::string_view version = line.substr(second + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return fail(Code::unimplemented, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  return {};
}

Result<> check_status_line(std::string_view line) {
  const bool version = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!version || line.size() < 12 || !is_digits(line.substr(9, 3)) || (line.size() > 12 && line[12] != ' ')) {
    return bad("malformed status line");
  }
  return {};
}

Result<> check_header_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return bad("folded header line");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad("malformed header name");
  if (!net::is_header_value(line.substr(colon + 1))) return bad("control character in a header value");
  return {};
}

// Whether a segment of the path is "." or "..", also when its dots are escaped.
bool has_dot_segment(std::string_view path) {
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.substr(i, 2) == "%2" && i + 2 < path.size() && (path[i + 2] == 'e' || path[i + 2] == 'E')) {
      plain.push_back('.');
      i += 2;
    } else {
      plain.push_back(path[i]);
    }
  }
  plain.push_back('/');
  return plain.find("/./") != std::string::npos || plain.find("/../") != std::string::npos;
}

Result<> check_target(const Head& head) {
  std::string_view path = head.target;
  if (path == "*" && head.method == "OPTIONS") return {};
  if (path.starts_with("http://")) {
    const std::size_t slash = path.find('/', 7);
    path = slash == std::string_view::npos ? std::string_view("/") : path.substr(slash);
  }
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/')) return bad("the request target must be a path");
  if (has_dot_segment(path)) return bad("the path has dot segments");
  return {};
}

// Exactly one framing, said once and plainly.
Result<> check_framing(const Head& head) {
  std::size_t lengths = 0, encodings = 0;
  for (const auto& [name, value] : head.headers) {
    if (equal_ignoring_case(name, "content-length")) {
      ++lengths;
      if (!is_digits(value) || value.size() > 18) return bad("malformed Content-Length");
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      ++encodings;
      if (!equal_ignoring_case(value, "chunked"))
        return fail(Code::invalid_argument, "Transfer-Encoding may only be chunked");
    }
  }
  if (lengths > 1) return bad("several Content-Length headers");
  if (encodings > 1) return bad("several Transfer-Encoding headers");
  if (lengths + encodings > 1) return bad("both Content-Length and Transfer-Encoding");
  if (encodings == 1 && head.minor_version == 0) return bad("Transfer-Encoding in HTTP/1.0");
  return {};
}

}  // namespace

Result<> check_head_bytes(std::string_view head, bool request) {
  bool first = true;
  while (!head.empty()) {
    const std::size_t end = head.find('\n');
    if (end == std::string_view::npos || end == 0 || head[end - 1] != '\r') return bad("line does not end in CRLF");
    const std::string_view line = head.substr(0, end - 1);
    head.remove_prefix(end + 1);
    if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos) {
      return bad("stray CR or NUL in the head");
    }
    if (first) {
      TRY(request ? check_request_line(line) : check_status_line(line));
      first = false;
    } else if (!line.empty()) {
      TRY(check_header_line(line));
    } else if (!head.empty()) {
      return bad("bytes after the head");
    }
  }
  if (first) return bad("empty head");
  return {};
}

Result<> check_request(const Head& head) {
  TRY(check_framing(head));
  TRY(check_target(head));
  if (head.method == "CONNECT") return fail(Code::unimplemented, "CONNECT is not served here");
  std::size_t hosts = 0;
  for (const auto& [name, value] : head.headers) {
    if (!equal_ignoring_case(name, "host")) continue;
    ++hosts;
    if (value.find_first_of("/@ ,\t") != std::string::npos) return bad("malformed Host");
  }
  if (hosts > 1) return bad("several Host headers");
  if (hosts == 0 && head.minor_version == 1) return bad("no Host header");
  return {};
}

Result<> check_response(const Head& head) { return check_framing(head); }

}  // namespace slipway::gateway::http1
