#include "pods/logs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace slipway::pods {
namespace {

constexpr std::size_t most_at_once = 256 * 1024;

struct Line {
  std::string_view time;  // as written, "" when the line is not in CRI form
  std::string_view text;
  bool is_piece = false;  // 'P': the line goes on
  std::string_view stream = {};
};

Line parse_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || second + 2 > line.size()) return {{}, line, false, {}};
  const auto stream = line.substr(first + 1, second - first - 1);
  const char tag = line[second + 1];
  if ((stream != "stdout" && stream != "stderr") || (tag != 'F' && tag != 'P')) return {{}, line, false, {}};
  return {line.substr(0, first), line.substr(std::min(second + 3, line.size())), tag == 'P', stream};
}

// The one at the front, which goes; nullopt at the end.
std::optional<Line> take_line(std::string_view& cri) {
  if (cri.empty()) return std::nullopt;
  const auto end = std::min(cri.find('\n'), cri.size());
  const Line line = parse_line(cri.substr(0, end));
  cri.remove_prefix(std::min(end + 1, cri.size()));
  return line;
}

}  // namespace

std::string render_log(std::string_view cri, const LogQuery& query) {
  bool is_inside_line = false;
  return render_log(cri, query, is_inside_line);
}

std::string render_log(std::string_view cri, const LogQuery& query, bool& is_inside_line) {
  std::vector<std::string> lines;
  if (is_inside_line) lines.emplace_back();
  while (const auto line = take_line(cri)) {
    if (query.since && !line->time.empty()) {
      auto time = core::parse_rfc3339(line->time);
      if (time && *time < *query.since) continue;
    }
    if (!is_inside_line) {
      lines.emplace_back();
      if (query.timestamps && !line->time.empty()) lines.back().append(line->time).append(" ");
    }
    lines.back() += line->text;
    is_inside_line = line->is_piece;
  }
  std::size_t first = 0;
  if (query.tail_lines && *query.tail_lines < lines.size()) first = lines.size() - *query.tail_lines;
  std::string text;
  for (std::size_t i = first; i < lines.size(); ++i) {
    text += lines[i];
    if (i + 1 < lines.size() || !is_inside_line) text += '\n';
  }
  if (query.limit_bytes && text.size() > *query.limit_bytes) text.resize(*query.limit_bytes);
  return text;
}

std::string stream_text(std::string_view cri, std::string_view stream) {
  std::string text;
  while (const auto line = take_line(cri)) {
    if (line->stream != stream) continue;
    text += line->text;
    if (!line->is_piece) text += '\n';
  }
  return text;
}

// Begins with the rotated half when there is one: read_more() goes on to PATH because that is another file by now.
LogTail::LogTail(std::string path) : path_(path + ".1") {
  open();
  path_ = std::move(path);
  if (fd_ < 0) open();
}

LogTail::~LogTail() {
  if (fd_ >= 0) ::close(fd_);
}

bool LogTail::open() {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return fd_ >= 0;
}

std::string LogTail::read_more() {
  if (fd_ < 0 && !open()) return "";
  std::array<char, 16 * 1024> buffer;
  const auto read_rest = [&] {
    while (rest_.size() < most_at_once) {
      const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
      if (got <= 0) return true;
      rest_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return false;
  };
  if (read_rest()) {
    struct stat ours{};
    struct stat current{};
    const bool rotated =
        ::fstat(fd_, &ours) == 0 && ::stat(path_.c_str(), &current) == 0 && ours.st_ino != current.st_ino;
    if (rotated && read_rest()) {  // what came between our last read and the rename: all of it, or the rest next time
      ::close(fd_);
      if (open()) read_rest();
    }
  }
  const auto end = rest_.rfind('\n');
  if (end == std::string::npos) return "";
  std::string lines = rest_.substr(0, end + 1);
  rest_.erase(0, end + 1);
  return lines;
}

}  // namespace slipway::pods
