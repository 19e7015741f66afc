#include "net/impl/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "core/log.hpp"
#include "core/world/real.hpp"

namespace slipway::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_char(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"content-length", "transfer-encoding", "connection", "date",
                                                     "keep-alive"};
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view own) { return equal_ignoring_case(own, name); });
}

void append_header(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view reason_of(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

std::string http_date(core::Time time) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                   months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                                   parts.tm_min, parts.tm_sec);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_char);
}

bool is_header_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t') || byte == 0x7f;
  });
}

bool has_no_body(int status) { return status / 100 == 1 || status == 204 || status == 304; }

std::string render_response_head(int status, const core::Headers& headers, Framing framing, std::size_t length,
                                 bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_of(status)) + "\r\n";
  append_header(head, "Date", http_date(core::real_clock().now()));
  for (const auto& [name, value] : headers) {
    if (is_of_connection(name)) continue;
    if (!is_header_name(name) || !is_header_value(value)) {
      log::error("net", "an answer's header is malformed and was left out", {{"name", url_encode(name)}});
      continue;
    }
    append_header(head, name, value);
  }
  if (!has_no_body(status)) {
    if (framing == Framing::content_length) append_header(head, "Content-Length", std::to_string(length));
    if (framing == Framing::chunked) append_header(head, "Transfer-Encoding", "chunked");
  }
  append_header(head, "Connection", keep_alive ? "keep-alive" : "close");
  return head + "\r\n";
}

core::Result<std::string> render_request(const core::HttpRequest& request, const Url& url, bool keep_alive) {
  if (!is_header_name(request.method))
    return fail(Code::invalid_argument, "\"" + request.method + "\" is not a method");
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\n";
  if (core::header(request.headers, "Host").empty()) append_header(text, "Host", url.authority);
  if (core::header(request.headers, "User-Agent").empty())
    append_header(text, "User-Agent", "slipway/" SLIPWAY_VERSION);
  for (const auto& [name, value] : request.headers) {
    if (is_of_connection(name)) continue;
    if (!is_header_name(name) || !is_header_value(value)) {
      return fail(Code::invalid_argument, "the header \"" + url_encode(name) + "\" is malformed");
    }
    append_header(text, name, value);
  }
  const bool usually_has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (usually_has_body || !request.body.empty())
    append_header(text, "Content-Length", std::to_string(request.body.size()));
  append_header(text, "Connection", keep_alive ? "keep-alive" : "close");
  return text + "\r\n" + request.body;
}

}  // namespace slipway::net
