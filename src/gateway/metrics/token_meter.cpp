#include "gateway/metrics/token_meter.hpp"

namespace slipway::gateway::metrics {
namespace {

// Where the value of `"member":` begins, or npos. A member of that name inside a quoted string does not match: its
// quotes would be escaped.
std::size_t value_of(std::string_view data, std::string_view quoted, std::size_t from) {
  std::size_t at = data.find(quoted, from);
  while (at != std::string_view::npos && at > 0 && data[at - 1] == '\\') at = data.find(quoted, at + quoted.size());
  if (at == std::string_view::npos) return at;
  std::size_t end = at + quoted.size();
  while (end < data.size() && (data[end] == ' ' || data[end] == ':')) ++end;
  return end;
}

}  // namespace

bool has_content(std::string_view data) {
  for (std::string_view member : {"\"content\"", "\"reasoning_content\"", "\"text\"", "\"arguments\""}) {
    std::size_t at = 0;
    while ((at = value_of(data, member, at)) != std::string_view::npos) {
      if (at + 1 < data.size() && data[at] == '"' && data[at + 1] != '"') return true;
    }
  }
  return false;
}

bool TokenMeter::take_line(std::string_view line) {
  if (!line.starts_with("data:")) return false;
  line.remove_prefix(5);
  if (line.starts_with(' ')) line.remove_prefix(1);
  if (line == "[DONE]") {
    done_ = true;
    return false;
  }
  if (line.starts_with("{\"error\"")) error_ = true;
  return has_content(line);
}

int TokenMeter::feed(std::string_view bytes, core::Instant now) {
  if (bytes.empty()) return 0;
  int pieces = 0;
  if (!streamed_) {
    pieces = first_ ? 0 : 1;
  } else {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find_first_of("\r\n");
      // A line beyond 64 KiB is judged by its beginning.
      if (line_.size() < 64 * 1024) line_ += bytes.substr(0, end);
      if (end == std::string_view::npos) break;
      if (take_line(line_)) ++pieces;
      line_.clear();
      bytes.remove_prefix(end + 1);
    }
  }
  if (pieces > 0) {
    if (!first_) first_ = now;
    last_ = now;
    count_ += pieces;
  }
  return pieces;
}

}  // namespace slipway::gateway::metrics
