#include "gateway/http1/message.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::gateway::http1 {
namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void append_headers(std::string& out, const core::Headers& headers) {
  for (const auto& [name, value] : headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  out += "\r\n";
}
}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void remove_header(core::Headers& headers, std::string_view name) {
  std::erase_if(headers, [&](const auto& h) { return same_name(h.first, name); });
}

void set_header(core::Headers& headers, std::string_view name, std::string value) {
  remove_header(headers, name);
  headers.emplace_back(name, std::move(value));
}

void remove_hop_by_hop(core::Headers& headers) {
  std::vector<std::string> named;
  for (const auto& [name, value] : headers) {
    if (!same_name(name, "connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      named.emplace_back(trim(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  static constexpr std::string_view always[] = {
      "connection", "keep-alive",        "proxy-connection", "proxy-authenticate", "proxy-authorization", "te",
      "trailer",    "transfer-encoding", "upgrade",          "content-length"};
  std::erase_if(headers, [&](const auto& h) {
    const auto is_it = [&](std::string_view name) { return same_name(h.first, name); };
    return std::any_of(std::begin(always), std::end(always), is_it) || std::any_of(named.begin(), named.end(), is_it);
  });
}

std::string render_request(std::string_view method, std::string_view target, const core::Headers& headers) {
  std::string out;
  out.reserve(512);
  out += method;
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\n";
  append_headers(out, headers);
  return out;
}

std::string render_response(int status, const core::Headers& headers) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out += reason_of(status);
  out += "\r\n";
  append_headers(out, headers);
  return out;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
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
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
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
    default:
      return "Status";
  }
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
  out.append(size, end);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

}  // namespace slipway::gateway::http1
