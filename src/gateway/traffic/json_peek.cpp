// A scanner for one member of a JSON object of which only the beginning may have arrived. It checks just as much as
// it needs to not be fooled by nesting and escapes; the upstream parses the body for good.
#include "gateway/traffic/split.hpp"

namespace slipway::gateway::traffic {
namespace {

class Peek {
 public:
  explicit Peek(std::string_view text) : text_(text) {}

  std::optional<std::string> member(std::string_view wanted) {
    skip_space();
    if (!take('{')) return std::nullopt;
    for (;;) {
      skip_space();
      std::string name;
      if (!string(name)) return std::nullopt;
      skip_space();
      if (!take(':')) return std::nullopt;
      skip_space();
      if (name == wanted) {
        std::string value;
        if (!string(value)) return std::nullopt;
        return value;
      }
      if (!skip_value()) return std::nullopt;
      skip_space();
      if (!take(',')) return std::nullopt;
    }
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  // Escapes stay as written, but for \" and \\ and \/: equal keys stay equal, which is all the split needs.
  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (at_ >= text_.size()) return false;
        const char escaped = text_[at_++];
        if (escaped != '"' && escaped != '\\' && escaped != '/') out.push_back('\\');
        out.push_back(escaped);
      } else {
        out.push_back(c);
      }
    }
    return false;
  }
  bool skip_string() {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') ++at_;
    }
    return false;
  }
  bool skip_value() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!skip_string()) return false;
        if (depth == 0) return true;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') {
        if (depth == 0) return true;  // the outer object's end, after a plain scalar
        if (--depth == 0) {
          ++at_;
          return true;
        }
      }
      if (c == ',' && depth == 0) return true;
      ++at_;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string> top_level_string(std::string_view json, std::string_view member) {
  return Peek(json).member(member);
}

}  // namespace slipway::gateway::traffic
