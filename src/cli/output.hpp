#pragma once
// What people and programs see: tables, JSON, YAML, errors; colours only on a terminal and never with NO_COLOR.

#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"
#include "core/result.hpp"

namespace slipway::cli {

enum class Format { table, json, yaml };
Result<Format> parse_format(std::string_view text);

bool is_terminal();   // stdout
bool wants_colour();  // a terminal, no NO_COLOR, TERM is not dumb
std::string bold(std::string_view text);
std::string dim(std::string_view text);
std::string red(std::string_view text);
std::string green(std::string_view text);
std::string yellow(std::string_view text);

// Aligned columns; the header in bold. An empty cell is shown as "-".
void print_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
// json or yaml of a value.
void print_value(const core::doc::Value& value, Format format);
// The error as a person reads it, or as json or yaml on stdout; returns the exit code.
int print_error(const core::Error& error, Format format = Format::table);

// One line (or several) at once, from any thread; a Progress on the terminal steps aside for it.
void print_line(std::string_view text);
void print_notice(std::string_view text);  // the same on stderr
// "2026-11-23T10:00:00Z" of "2026-11-23T10:00:00.123456Z": how tables show times.
std::string without_fraction(std::string time);

// One line that says what takes long, rewritten in place on a terminal's stderr; silent otherwise.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void update(std::string_view detail);

 private:
  std::string what_;
};

}  // namespace slipway::cli
