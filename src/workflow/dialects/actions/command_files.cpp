#include "workflow/dialects/actions/command_files.hpp"

#include <algorithm>
#include <optional>

namespace slipway::workflow::actions {
namespace {

// Hands out lines without their line feed or carriage return.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::optional<std::string_view> next() {
    if (at_ >= text_.size()) return std::nullopt;
    const auto end = std::min(text_.find('\n', at_), text_.size());
    auto line = text_.substr(at_, end - at_);
    at_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

core::Result<std::vector<std::pair<std::string, std::string>>> parse_assignments(std::string_view text,
                                                                                 std::string_view file) {
  std::vector<std::pair<std::string, std::string>> result;
  Lines lines(text);
  const auto refuse = [&](std::string message) {
    return fail(Code::failed_precondition, "unable to process " + std::string(file) + ": " + std::move(message));
  };
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    const auto equals = line->find('=');
    const auto block = line->find("<<");
    if (equals != std::string_view::npos && (block == std::string_view::npos || equals < block)) {
      if (equals == 0) return refuse("Invalid format '" + std::string(*line) + "'. Name must not be empty");
      result.emplace_back(line->substr(0, equals), line->substr(equals + 1));
      continue;
    }
    if (block == std::string_view::npos || block == 0 || block + 2 == line->size())
      return refuse("Invalid format '" + std::string(*line) + "'");
    const auto delimiter = line->substr(block + 2);
    std::string value;
    bool first = true;
    while (true) {
      const auto content = lines.next();
      if (!content) return refuse("Invalid value. Matching delimiter not found '" + std::string(delimiter) + "'");
      if (*content == delimiter) break;
      if (!first) value += '\n';
      first = false;
      value += *content;
    }
    result.emplace_back(line->substr(0, block), std::move(value));
  }
  return result;
}

std::vector<std::string> parse_lines(std::string_view text) {
  std::vector<std::string> result;
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (!line->empty()) result.emplace_back(*line);
  }
  return result;
}

}  // namespace slipway::workflow::actions
