#include "core/error_text.hpp"

#include <algorithm>

namespace slipway::core {

namespace {

constexpr std::size_t widest_excerpt = 160;  // bytes of the line that are shown

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Terminals may act on control bytes; a file may hold any.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) c = '?';
  }
  return out;
}

// The same width on screen as `text`: tabs stay, a UTF-8 sequence counts as one column.
std::string blank_like(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (!is_continuation(c)) out += c == '\t' ? '\t' : ' ';
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

}  // namespace

std::string_view line_of(std::string_view text, std::uint32_t number) {
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    start = text.find('\n', start);
    if (start == std::string_view::npos) return {};
    ++start;
  }
  std::string_view rest = text.substr(start);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::string render_excerpt(const Mark& mark, std::string_view margin) {
  if (!mark.source || !mark.known() || mark.source->text.empty()) return "";
  std::string_view line = line_of(mark.source->text, mark.line);
  std::size_t caret = std::min<std::size_t>(mark.column > 0 ? mark.column - 1 : 0, line.size());

  std::string before;
  std::string after;
  if (line.size() > widest_excerpt) {
    std::size_t from = caret > widest_excerpt / 2 ? caret - widest_excerpt / 2 : 0;
    while (from > 0 && is_continuation(line[from])) --from;
    std::size_t until = std::min(line.size(), from + widest_excerpt);
    while (until < line.size() && is_continuation(line[until])) ++until;
    if (from > 0) before = "...";
    if (until < line.size()) after = "...";
    line = line.substr(from, until - from);
    caret -= from;
  }
  const std::string_view underlined = line.substr(caret, std::max<std::size_t>(mark.length, 1));
  const std::size_t width = std::max<std::size_t>(columns_of(underlined), 1);

  std::string number = std::to_string(mark.line);
  if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');
  std::string out;
  out += margin;
  out += number + " | " + before + printable(line) + after + "\n";
  out += margin;
  out += std::string(number.size(), ' ') + " | " + std::string(before.size(), ' ') + blank_like(line.substr(0, caret)) +
         "^" + std::string(width - 1, '~') + "\n";
  return out;
}

}  // namespace slipway::core
