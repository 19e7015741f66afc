#include "core/log.hpp"

#include <atomic>
#include <cerrno>
#include <mutex>

#include <unistd.h>

#include "core/time.hpp"
#include "core/world/real.hpp"

namespace slipway::core::log {

namespace {

std::atomic<Level> lowest{Level::info};
std::atomic<std::size_t> errors{0};
std::atomic<std::string (*)()> time_source{nullptr};
std::mutex output;  // one record is never cut by another, however long it is

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F) return false;
  }
  return true;
}

void append(std::string& line, std::string_view key, std::string_view value) {
  constexpr std::string_view hex = "0123456789abcdef";
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  if (is_plain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '\t') {
      line += "\\t";
    } else if (byte < ' ' || byte == 0x7F) {
      line += "\\x";
      line += hex[byte >> 4];
      line += hex[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

std::string now() {
  if (const auto source = time_source.load()) return source();
  return render_rfc3339_micro(real_clock().now());
}

}  // namespace

void write(Level level, std::string_view room, std::string_view event, Fields fields) {
  if (level == Level::error) errors.fetch_add(1);
  if (level < lowest.load(std::memory_order_relaxed)) return;
  std::string line;
  append(line, "time", now());
  append(line, "level", name_of(level));
  append(line, "room", room);
  append(line, "event", event);
  for (const Field& field : fields) append(line, field.key, field.value);
  line += '\n';

  const std::lock_guard lock(output);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads stderr: nothing to tell it to
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void set_level(Level level) { lowest.store(level); }
std::size_t error_count() { return errors.load(); }
void set_time_source(std::string (*source)()) { time_source.store(source); }

}  // namespace slipway::core::log
