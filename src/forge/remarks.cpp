#include "forge/remarks.hpp"

#include <charconv>
#include <utility>

namespace slipway::forge {
namespace {

constexpr std::size_t longest_line = 600;
constexpr std::size_t most_lines = 60;
constexpr char band_for_people = 2;

// What a terminal may be sent: no control characters, and no more than a few rows.
std::string presentable(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (line.size() <= longest_line) return line;
  std::size_t end = longest_line;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) end--;  // inside a character of UTF-8
  return line.substr(0, end) + " ...";
}

// "001f" + band + text + "\n"; the size counts itself.
std::string packet(const std::string& line) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto size = 4 + 1 + line.size() + 1;
  std::string text;
  for (const int shift : {12, 8, 4, 0}) text += digits[(size >> shift) & 15];
  return text + band_for_people + line + '\n';
}

// Where the flush is that ends a sideband, or npos when the answer is not one.
std::size_t end_of_sideband(std::string_view answer) {
  std::size_t at = 0;
  while (at + 4 <= answer.size()) {
    std::size_t size = 0;
    const auto* end = answer.data() + at + 4;
    if (std::from_chars(answer.data() + at, end, size, 16).ptr != end) return std::string_view::npos;
    if (size == 0) return at + 4 == answer.size() ? at : std::string_view::npos;
    if (size < 5 || at + size > answer.size() || answer[at + 4] < 1 || answer[at + 4] > 3)
      return std::string_view::npos;
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace

std::string with_remarks(std::string answer, const std::vector<std::string>& lines) {
  const auto end = end_of_sideband(answer);
  if (end == std::string_view::npos) return answer;
  std::string packets;
  for (std::size_t i = 0; i < lines.size() && i < most_lines; i++) packets += packet(presentable(lines[i]));
  if (lines.size() > most_lines) packets += packet("and " + std::to_string(lines.size() - most_lines) + " more lines");
  answer.insert(end, packets);
  return answer;
}

Gathering::Gathering(core::Loop& loop, std::size_t places, Tell done)
    : loop_(loop), lines_(places), missing_(places), done_(std::move(done)) {}

void Gathering::start(core::Duration patience) {
  if (missing_ == 0) return finish();
  timer_ = loop_.after(patience, [self = shared_from_this()] {
    self->timer_ = 0;
    self->finish();
  });
}

Tell Gathering::place(std::size_t index) {
  return [self = shared_from_this(), index](std::vector<std::string> lines) { self->told(index, std::move(lines)); };
}

void Gathering::told(std::size_t index, std::vector<std::string> lines) {
  lines_[index] = std::move(lines);
  if (--missing_ == 0) finish();
}

void Gathering::finish() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
  if (!done_) return;
  std::vector<std::string> all;
  for (auto& part : lines_) all.insert(all.end(), part.begin(), part.end());
  if (missing_ > 0) all.push_back("not all is known yet of what this push starts: slipway runs list");
  auto done = std::exchange(done_, nullptr);
  done(std::move(all));
}

}  // namespace slipway::forge
