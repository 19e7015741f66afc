#include "pods/shim/log_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace slipway::pods::shim {
namespace {
constexpr std::size_t longest_piece = 16 * 1024;
}

void CriLines::emit(std::string_view text, char tag, Time now, std::string& out) const {
  out += core::render_rfc3339_micro(now);
  out += ' ';
  out += stream_;
  out += ' ';
  out += tag;
  out += ' ';
  out += text;
  out += '\n';
}

void CriLines::feed(std::string_view bytes, Time now, std::string& out) {
  rest_ += bytes;
  std::string_view left = rest_;
  while (true) {
    const auto newline = left.find('\n');
    if (newline <= longest_piece) {  // npos is beyond it
      emit(left.substr(0, newline), 'F', now, out);
      left.remove_prefix(newline + 1);
    } else if (left.size() > longest_piece) {
      emit(left.substr(0, longest_piece), 'P', now, out);
      left.remove_prefix(longest_piece);
    } else {
      break;
    }
  }
  rest_.erase(0, rest_.size() - left.size());
}

void CriLines::finish(Time now, std::string& out) {
  if (!rest_.empty()) emit(rest_, 'F', now, out);
  rest_.clear();
}

LogFile::LogFile(std::string path, std::uint64_t limit) : path_(std::move(path)), limit_(limit) { open(); }

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

void LogFile::open() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat status{};
  size_ = fd_ >= 0 && ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void LogFile::append(std::string_view lines) {
  if (size_ > 0 && size_ + lines.size() > limit_) {
    ::close(fd_);
    std::rename(path_.c_str(), (path_ + ".1").c_str());
    open();
  }
  if (fd_ < 0) open();
  std::size_t written = 0;
  while (written < lines.size()) {
    const ssize_t got = ::write(fd_, lines.data() + written, lines.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    written += static_cast<std::size_t>(got);
  }
  // What comes when there is room again begins a line of its own.
  const std::size_t whole = written == lines.size() ? written : lines.substr(0, written).rfind('\n') + 1;
  if (whole < written) [[maybe_unused]]
    const int cut = ::ftruncate(fd_, static_cast<off_t>(size_ + whole));
  size_ += whole;
  lost_ += lines.size() - whole;
}

}  // namespace slipway::pods::shim
