#include "gateway/http1/message.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"
#include "net/headers.hpp"

namespace slipway::gateway::http1 {
namespace {
void append_headers(std::string& out, const core::Headers& headers) {
  for (const auto& [name, value] : headers) net::append_header(out, name, value);
  out += "\r\n";
}
}  // namespace

void remove_hop_by_hop(core::Headers& headers) {
  std::vector<std::string> named;
  for (const auto& [name, value] : headers) {
    if (!core::equal_ignoring_case(name, "connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      named.emplace_back(core::trimmed(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  static constexpr std::string_view always[] = {
      "connection", "keep-alive",        "proxy-connection", "proxy-authenticate", "proxy-authorization", "te",
      "trailer",    "transfer-encoding", "upgrade",          "content-length"};
  std::erase_if(headers, [&](const auto& h) {
    const auto is_it = [&](std::string_view name) { return core::equal_ignoring_case(h.first, name); };
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
  out += net::reason_of(status);
  out += "\r\n";
  append_headers(out, headers);
  return out;
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
