#pragma once
// Reading container logs: CRI lines back to what the container wrote, the last N lines, and following a growing file.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace slipway::pods {

struct LogQuery {
  std::optional<std::size_t> tail_lines;
  std::optional<Time> since;
  std::optional<std::size_t> limit_bytes;
  bool previous = false;    // of the attempt before
  bool timestamps = false;  // each line begins with its time
};

// The text of CRI lines ("<time> stdout F text"); pieces of long lines are joined. Lines in another form are taken as
// they are. `is_inside_line`, of a log that comes in parts: whether the last line went on, and still does. Pure.
std::string render_log(std::string_view cri, const LogQuery& query, bool& is_inside_line);
std::string render_log(std::string_view cri, const LogQuery& query);

// What one stream ("stdout", "stderr") wrote, of CRI lines. Pure.
std::string stream_text(std::string_view cri, std::string_view stream);

// Follows a log from the oldest line that is kept, through rotations: each line once. Not thread-safe; reads never
// block.
class LogTail {
 public:
  explicit LogTail(std::string path);
  ~LogTail();
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;
  // Whole new CRI lines, "" when there is nothing new.
  std::string read_more();

 private:
  bool open();
  std::string path_;
  std::string rest_;
  int fd_ = -1;
};

}  // namespace slipway::pods
