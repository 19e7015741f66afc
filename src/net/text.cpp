#include "net/impl/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "core/log.hpp"
#include "core/text.hpp"
#include "core/world/real.hpp"
#include "net/headers.hpp"

namespace slipway::net {
namespace {

bool is_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"content-length", "transfer-encoding", "connection", "date",
                                                     "keep-alive"};
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view own) { return core::equal_ignoring_case(own, name); });
}

}  // namespace

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

bool has_no_body(int status) { return status / 100 == 1 || status == 204 || status == 304; }

std::string render_response_head(int status, const core::Headers& headers, Framing framing, std::size_t length,
                                 bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_of(status)) + "\r\n";
  append_header(head, "Date", http_date(core::real_clock().now()));
  for (const auto& [name, value] : headers) {
    if (is_of_connection(name)) continue;
    if (!is_token(name) || !is_header_value(value)) {
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

std::string render_upgrade_head(const core::Headers& headers) {
  std::string head = "HTTP/1.1 101 " + std::string(reason_of(101)) + "\r\n";
  for (const auto& [name, value] : headers) append_header(head, name, value);
  return head + "\r\n";
}

core::Result<std::string> render_request(const core::HttpRequest& request, const Url& url, bool keep_alive) {
  if (!is_token(request.method)) return fail(Code::invalid_argument, "\"" + request.method + "\" is not a method");
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\n";
  if (core::header(request.headers, "Host").empty()) append_header(text, "Host", url.authority);
  if (core::header(request.headers, "User-Agent").empty())
    append_header(text, "User-Agent", "slipway/" SLIPWAY_VERSION);
  for (const auto& [name, value] : request.headers) {
    if (is_of_connection(name)) continue;
    if (!is_token(name) || !is_header_value(value)) {
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
