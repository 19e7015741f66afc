#pragma once
// Writes what a container says as CRI log lines, and keeps the file small by rotation. For the shim; readers are in
// pods/logs.hpp.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace slipway::pods::shim {

// Cuts one stream into CRI lines: "<time> stdout F <text>\n", P instead of F for a piece of a line over 16 KiB. Pure.
class CriLines {
 public:
  explicit CriLines(std::string_view stream) : stream_(stream) {}
  // Appends the lines that `bytes` completes to `out`.
  void feed(std::string_view bytes, Time now, std::string& out);
  // Appends what is left of an unfinished line.
  void finish(Time now, std::string& out);

 private:
  void emit(std::string_view text, char tag, Time now, std::string& out) const;
  std::string stream_;
  std::string rest_;
};

// An append-only file that becomes PATH.1 when it grows over `limit` bytes. Write errors (a full disk) lose lines and
// never stop the container; lost() says how many bytes.
class LogFile {
 public:
  LogFile(std::string path, std::uint64_t limit);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  void append(std::string_view lines);
  std::uint64_t lost() const { return lost_; }

 private:
  void open();
  std::string path_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
  int fd_ = -1;
};

}  // namespace slipway::pods::shim
