#include "net/spdy/dictionary.hpp"

#include <array>

namespace slipway::net::spdy {
namespace {

using namespace std::string_view_literals;

// Names and values that begin the dictionary, each after its length in four bytes.
constexpr std::array words = {
    "options"sv,
    "head"sv,
    "post"sv,
    "put"sv,
    "delete"sv,
    "trace"sv,
    "accept"sv,
    "accept-charset"sv,
    "accept-encoding"sv,
    "accept-language"sv,
    "accept-ranges"sv,
    "age"sv,
    "allow"sv,
    "authorization"sv,
    "cache-control"sv,
    "connection"sv,
    "content-base"sv,
    "content-encoding"sv,
    "content-language"sv,
    "content-length"sv,
    "content-location"sv,
    "content-md5"sv,
    "content-range"sv,
    "content-type"sv,
    "date"sv,
    "etag"sv,
    "expect"sv,
    "expires"sv,
    "from"sv,
    "host"sv,
    "if-match"sv,
    "if-modified-since"sv,
    "if-none-match"sv,
    "if-range"sv,
    "if-unmodified-since"sv,
    "last-modified"sv,
    "location"sv,
    "max-forwards"sv,
    "pragma"sv,
    "proxy-authenticate"sv,
    "proxy-authorization"sv,
    "range"sv,
    "referer"sv,
    "retry-after"sv,
    "server"sv,
    "te"sv,
    "trailer"sv,
    "transfer-encoding"sv,
    "upgrade"sv,
    "user-agent"sv,
    "vary"sv,
    "via"sv,
    "warning"sv,
    "www-authenticate"sv,
    "method"sv,
    "get"sv,
    "status"sv,
    "200 OK"sv,
    "version"sv,
    "HTTP/1.1"sv,
    "url"sv,
    "public"sv,
    "set-cookie"sv,
    "keep-alive"sv,
    "origin"sv,
};

// What follows them, without lengths.
constexpr std::string_view tail =
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Au"
    "thoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidd"
    "en404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr Ma"
    "y Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,imag"
    "e/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicpri"
    "vatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

std::string assemble() {
  std::string text;
  for (const std::string_view word : words) {
    text.append(3, '\0');
    text += static_cast<char>(word.size());
    text += word;
  }
  return text.append(tail);
}

}  // namespace

const std::string& dictionary() {
  static const std::string text = assemble();
  return text;
}

}  // namespace slipway::net::spdy
