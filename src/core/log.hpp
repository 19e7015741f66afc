#pragma once
// Structured log lines to stderr: time, level, room, event, key=value. Thread-safe. Never log secrets or prompts.
//   log::info("pods", "container started", {{"pod", key}, {"pid", pid}});

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace slipway::core::log {

enum class Level { debug, info, warn, error };

struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
};
using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view room, std::string_view event, Fields fields);
inline void debug(std::string_view room, std::string_view event, Fields f = {}) { write(Level::debug, room, event, f); }
inline void info(std::string_view room, std::string_view event, Fields f = {}) { write(Level::info, room, event, f); }
inline void warn(std::string_view room, std::string_view event, Fields f = {}) { write(Level::warn, room, event, f); }
inline void error(std::string_view room, std::string_view event, Fields f = {}) { write(Level::error, room, event, f); }

void set_level(Level level);
// Error-level lines since the process started: a test asserts that it stays 0.
std::size_t error_count();
// The time on log lines; the simulated world sets its own.
void set_time_source(std::string (*now)());

}  // namespace slipway::core::log
namespace slipway {
namespace log = core::log;
}
