#include "net/impl/url.hpp"

#include <algorithm>

#include "core/number.hpp"
#include "core/percent.hpp"
#include "core/text.hpp"
#include "net/http.hpp"
#include "net/impl/text.hpp"

namespace slipway::net {
namespace {

bool is_unreserved(char c) { return core::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

core::Result<int> parse_port(std::string_view digits) {
  const auto port = core::parse_number<int>(digits);
  if (!port || *port < 1 || *port > 65535)
    return fail(Code::invalid_argument, "\"" + std::string(digits) + "\" is not a port");
  return *port;
}

// "host", "host:port", "[::1]:port"; port 0 when there is none.
core::Result<std::pair<std::string, int>> split_authority(std::string_view authority) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos)
    return fail(Code::invalid_argument, "missing \"]\" after an address");
  const std::string_view host = bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  const std::size_t rest_begin = bracketed ? host_end + 1 : std::min(host_end, authority.size());
  const std::string_view rest = authority.substr(rest_begin);
  if (host.empty()) return fail(Code::invalid_argument, "the host is missing");
  if (rest.empty()) return std::pair(std::string(host), 0);
  if (rest.front() != ':') return fail(Code::invalid_argument, "\"" + std::string(authority) + "\" is not host:port");
  TRY_ASSIGN(const int port, parse_port(rest.substr(1)));
  return std::pair(std::string(host), port);
}

bool is_loopback_literal(std::string_view host) {
  if (host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };  // not 127.evil.example
  return std::all_of(host.begin(), host.end(), is_part);
}

bool has_dot_part(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part == "." || part == "..") return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

core::Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  const auto decode = [](std::string_view part) {
    std::string spaced(part);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return url_decode(spaced);
  };
  while (!text.empty()) {
    const std::size_t ampersand = text.find('&');
    const std::string_view pair = text.substr(0, ampersand);
    text.remove_prefix(ampersand == std::string_view::npos ? text.size() : ampersand + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    TRY_ASSIGN(std::string name, decode(pair.substr(0, equals)));
    TRY_ASSIGN(std::string value, decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1)));
    query.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

}  // namespace

core::Result<Url> parse_url(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return fail(Code::invalid_argument, "\"" + std::string(text) + "\" is not a usable URL: " + why);
  };
  const bool is_tls = text.starts_with("https://");
  const std::string_view scheme = is_tls ? "https://" : "http://";
  if (!text.starts_with(scheme)) return refuse("it begins neither with http:// nor with https://");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return refuse("it has a space or a control character");
  }
  std::string_view rest = text.substr(scheme.size());
  rest = rest.substr(0, rest.find('#'));
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  if (authority.contains('@')) return refuse("user names in URLs are not supported");

  const auto parts = split_authority(authority);
  if (!parts) return refuse(parts.error().message);
  Url url;
  url.host = parts->first;
  url.is_tls = is_tls;
  url.port = parts->second != 0 ? parts->second : is_tls ? 443 : 80;
  url.authority = authority;
  url.target = rest.substr(authority_end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

core::Result<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return fail(Code::invalid_argument, "the request target is not a path");
  Target parsed;
  const std::size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = std::min(path.find('/'), path.size());
    TRY_ASSIGN(std::string segment, url_decode(path.substr(0, slash)));
    if (has_dot_part(segment)) return fail(Code::invalid_argument, "the path has a \".\" or \"..\" part");
    parsed.path += "/" + segment;
    parsed.segments.push_back(std::move(segment));
    path.remove_prefix(slash);
  }
  if (parsed.path.contains('\0')) return fail(Code::invalid_argument, "the path has a NUL");
  if (question != std::string_view::npos) {
    TRY_ASSIGN(parsed.query, parse_query(target.substr(question + 1)));
  }
  return parsed;
}

bool is_own_host(std::string_view host_header, const std::vector<std::string>& allowed) {
  const auto parts = split_authority(host_header);
  if (!parts) return false;
  const std::string& host = parts->first;
  if (is_loopback_literal(host) || core::equal_ignoring_case(host, "localhost")) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& name) { return name == "*" || core::equal_ignoring_case(name, host); });
}

std::string url_encode(std::string_view text) { return core::percent_encoded(text, is_unreserved); }

core::Result<std::string> url_decode(std::string_view text) {
  auto decoded = core::percent_decoded(text);
  if (!decoded) return fail(Code::invalid_argument, "\"" + std::string(text) + "\" has a bad % escape");
  return std::move(*decoded);
}

}  // namespace slipway::net
