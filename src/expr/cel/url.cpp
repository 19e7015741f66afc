#include "expr/cel/url.hpp"

#include <algorithm>
#include <optional>

#include "core/percent.hpp"
#include "core/text.hpp"

namespace slipway::expr::cel {

namespace {

bool unreserved(char c) { return core::is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~'; }
bool one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
bool plain_in_path(char c) { return unreserved(c) || one_of(c, "$&+,/:;=@"); }
bool plain_in_host(char c) { return unreserved(c) || one_of(c, "!$&'()*+,;=:[]<>\""); }

std::expected<std::string, std::string> unescape(std::string_view text) {
  auto decoded = core::percent_decoded(text);
  if (decoded) return std::move(*decoded);
  return std::unexpected("invalid URL escape \"" + std::string(text.substr(decoded.error(), 3)) + "\"");
}

// In a query '+' is a blank.
std::string with_blanks(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '+', ' ');
  return out;
}

bool valid_path(std::string_view text) {
  for (const char c : text) {
    if (!plain_in_path(c) && !one_of(c, "!'()*[]%")) return false;
  }
  return true;
}

bool valid_port(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() != ':') return false;
  for (const char c : text.substr(1)) {
    if (!core::is_digit(c)) return false;
  }
  return true;
}

std::expected<std::string, std::string> read_host(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.rfind(']');
    if (end == std::string_view::npos) return std::unexpected("missing ']' in host");
    port = text.substr(end + 1);
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    port = text.substr(colon);
  }
  if (!valid_port(port)) return std::unexpected("invalid port \"" + std::string(port) + "\" after host");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int byte = core::escaped_byte(text, i);
      if (byte < 0 || (byte < 0x80 && byte != '%')) {
        return std::unexpected("invalid URL escape \"" + std::string(text.substr(i, 3)) + "\"");
      }
    } else if (static_cast<unsigned char>(text[i]) < 0x80 && !plain_in_host(text[i])) {
      return std::unexpected("invalid character \"" + std::string(1, text[i]) + "\" in host name");
    }
  }
  return unescape(text);
}

std::optional<std::string> read_scheme(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (core::is_letter(c)) continue;
    if (core::is_digit(c) || one_of(c, "+-.")) {
      if (i == 0) return "";
      continue;
    }
    if (c != ':') return "";
    if (i == 0) return std::nullopt;
    auto scheme = core::in_lower(text.substr(0, i));
    text.remove_prefix(i + 1);
    return scheme;
  }
  return "";
}

std::expected<Url, std::string> read(std::string_view text, bool as_request) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return std::unexpected("net/url: invalid control character in URL");
    }
  }
  if (text.empty()) return std::unexpected("empty url");
  Url url;
  url.text = text;
  auto rest = text;
  if (text == "*") {
    url.escaped_path = "*";
    return url;
  }
  const auto scheme = read_scheme(rest);
  if (!scheme) return std::unexpected("missing protocol scheme");
  url.scheme = *scheme;
  if (const auto question = rest.find('?'); question != std::string_view::npos) {
    url.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) return url;
    return std::unexpected("invalid URI for request");
  }
  if ((!url.scheme.empty() || (!as_request && !rest.starts_with("///"))) && rest.starts_with("//")) {
    rest.remove_prefix(2);
    const auto end = std::min(rest.find('/'), rest.size());
    auto authority = rest.substr(0, end);
    rest = rest.substr(end);
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      for (const char c : authority.substr(0, at)) {
        if (!unreserved(c) && !one_of(c, "!$&'()*+,;=:%@")) return std::unexpected("net/url: invalid userinfo");
      }
      if (const auto user = unescape(authority.substr(0, at)); !user) return std::unexpected(user.error());
      authority.remove_prefix(at + 1);
    }
    auto host = read_host(authority);
    if (!host) return std::unexpected(host.error());
    url.host = std::move(*host);
  }
  const auto path = unescape(rest);
  if (!path) return std::unexpected(path.error());
  url.escaped_path = valid_path(rest) ? std::string(rest) : core::percent_encoded(*path, plain_in_path);
  return url;
}

}  // namespace

std::string Url::hostname() const {
  if (host.starts_with('[')) return host.substr(1, host.rfind(']') - 1);
  return host.substr(0, host.rfind(':'));
}

std::string Url::port() const {
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket)) return "";
  return host.substr(colon + 1);
}

std::map<std::string, std::vector<std::string>> Url::parameters() const {
  std::map<std::string, std::vector<std::string>> out;
  for (std::string_view rest = query; !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto key = unescape(with_blanks(pair.substr(0, equals)));
    const auto value = unescape(with_blanks(pair.substr(std::min(equals + 1, pair.size()))));
    if (key && value) out[*key].push_back(*value);
  }
  return out;
}

std::expected<Url, std::string> parse_url(std::string_view text) {
  // The first reading takes a fragment for a part of the path, as ParseRequestURI does; the second leaves it out.
  if (auto whole = read(text, true); !whole) return whole;
  const auto hash = text.find('#');
  if (hash == std::string_view::npos) return read(text, false);
  if (const auto fragment = unescape(text.substr(hash + 1)); !fragment) return std::unexpected(fragment.error());
  return read(text.substr(0, hash), false);
}

}  // namespace slipway::expr::cel
