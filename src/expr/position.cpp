#include "expr/position.hpp"

#include <algorithm>
#include <cstdint>

namespace slipway::expr {
namespace {

// The line that starts at `begin`, without its line feed.
std::string_view line_at(std::string_view text, std::size_t begin) {
  return text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
}

// Walks the lines of a source from a line and column on.
struct Cursor {
  std::string_view text;
  std::size_t at = 0;  // where the current line begins, or the scalar in the first line
  std::uint32_t line = 1;
  std::uint32_t column = 1;  // of `at`

  bool next() {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return false;
    at = end + 1;
    line++;
    column = 1;
    return true;
  }
};

}  // namespace

core::Mark mark_within(const core::Mark& scalar, std::string_view text, std::size_t offset, std::size_t length) {
  if (!scalar.known() || scalar.source == nullptr || offset > text.size()) return scalar;
  Cursor cursor{scalar.source->text};
  while (cursor.line < scalar.line) {
    if (!cursor.next()) return scalar;
  }
  cursor.at = std::min(cursor.at + scalar.column - 1, cursor.text.size());
  cursor.column = scalar.column;

  // Each line of the scalar is looked for below the one before it, so that repeated lines are told apart.
  for (std::size_t begin = 0; begin <= offset;) {
    const auto wanted = line_at(text, begin);
    if (!wanted.empty()) {
      auto found = line_at(cursor.text, cursor.at).find(wanted);
      while (found == std::string_view::npos) {
        if (!cursor.next()) return scalar;
        found = line_at(cursor.text, cursor.at).find(wanted);
      }
      if (offset <= begin + wanted.size()) {
        auto mark = scalar;
        mark.line = cursor.line;
        mark.column = cursor.column + static_cast<std::uint32_t>(found + offset - begin);
        mark.length =
            static_cast<std::uint32_t>(std::max<std::size_t>(1, std::min(length, wanted.size() - (offset - begin))));
        return mark;
      }
      if (!cursor.next()) return scalar;
    }
    begin += wanted.size() + 1;
  }
  return scalar;
}

}  // namespace slipway::expr
