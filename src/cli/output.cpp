#include "cli/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <mutex>

#include "cli/command.hpp"

namespace slipway::cli {
namespace {

std::string paint(std::string_view code, std::string_view text) {
  if (!wants_colour()) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

// Columns that a UTF-8 text takes, colour codes left out.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++width;
    }
  }
  return width;
}

// What a Progress has written on the terminal and not erased yet. Its mutex guards everything that is printed line by
// line: `slipway demo` prints from two threads.
struct Screen {
  std::mutex mutex;
  const Progress* owner = nullptr;
  std::string line;

  void erase() {
    if (owner != nullptr) std::cerr << "\r\033[K" << std::flush;
  }
  void draw() {
    if (owner != nullptr) std::cerr << "\r\033[K" << line << std::flush;
  }
  void print(std::string_view text, std::ostream& out) {
    const std::lock_guard guard(mutex);
    erase();
    out << text << std::endl;
    draw();
  }
};

Screen& screen() {
  static Screen one;
  return one;
}

// As much of `text` as fits in one row: a row that wrapped could not be erased.
std::string fitting(std::string text) {
  winsize size{};
  const std::size_t columns = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20) text[i] = ' ';
    if ((byte & 0xC0) != 0x80 && ++width == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Result<Format> parse_format(std::string_view text) {
  if (text == "table" || text.empty()) return Format::table;
  if (text == "json") return Format::json;
  if (text == "yaml") return Format::yaml;
  return fail(Code::invalid_argument, "unknown output format \"" + std::string(text) + "\"", "table, json or yaml");
}

bool is_terminal() { return isatty(STDOUT_FILENO) == 1; }

bool wants_colour() {
  static const bool colour = [] {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return is_terminal() && (no_colour == nullptr || *no_colour == '\0') && term != nullptr &&
           std::string_view(term) != "dumb";
  }();
  return colour;
}

std::string bold(std::string_view text) { return paint("1", text); }
std::string dim(std::string_view text) { return paint("2", text); }
std::string red(std::string_view text) { return paint("31", text); }
std::string green(std::string_view text) { return paint("32", text); }
std::string yellow(std::string_view text) { return paint("33", text); }

void print_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : header) widths.push_back(width_of(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], std::max<std::size_t>(1, width_of(row[i])));
    }
  }
  const auto line = [&](const std::vector<std::string>& cells, bool heading) {
    std::string out;
    for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i) {
      const std::string cell = cells[i].empty() ? "-" : cells[i];
      out += heading ? bold(cell) : cell;
      if (i + 1 < cells.size()) out += std::string(widths[i] - std::min(widths[i], width_of(cell)) + 2, ' ');
    }
    std::cout << out << "\n";
  };
  line(header, true);
  for (const auto& row : rows) line(row, false);
}

void print_value(const core::doc::Value& value, Format format) {
  std::cout << (format == Format::yaml ? doc::render_yaml(value) : doc::render_json_pretty(value) + "\n");
}

int print_error(const core::Error& error, Format format) {
  if (format != Format::table) {
    doc::Object body{{"code", core::name_of(error.code)}, {"message", error.message}};
    if (!error.hint.empty()) body.set("hint", error.hint);
    if (!error.object.empty()) body.set("object", error.object);
    if (error.mark.known()) body.set("where", error.mark.render());
    doc::Array causes;
    for (const core::Error& cause : error.causes) causes.emplace_back(cause.one_line());
    if (!causes.empty()) body.set("causes", std::move(causes));
    print_value(doc::Object{{"error", std::move(body)}}, format);
  } else {
    std::string text = error.render();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    print_notice("slipway: " + text);
  }
  return exit_code_of(error);
}

int exit_code_of(const core::Error& error) {
  switch (error.code) {
    case Code::invalid_argument:
    case Code::unimplemented:  // a value that is known, and that this version cannot act on
      return ExitCode::usage;
    case Code::not_found:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::conflict:
    case Code::already_exists:
    case Code::failed_precondition:
      return ExitCode::refused;
    case Code::unavailable:
      return ExitCode::unavailable;
    case Code::cancelled:
      return ExitCode::interrupted;
    default:
      return ExitCode::failed;
  }
}

void print_line(std::string_view text) { screen().print(text, std::cout); }
void print_notice(std::string_view text) { screen().print(text, std::cerr); }

std::string without_fraction(std::string time) {
  const std::size_t point = time.find('.');
  if (point != std::string::npos) time.erase(point, time.find_first_not_of("0123456789", point + 1) - point);
  return time;
}

Progress::Progress(std::string what) : what_(std::move(what)) {}

Progress::~Progress() {
  Screen& now = screen();
  const std::lock_guard guard(now.mutex);
  if (now.owner != this) return;
  now.erase();
  now.owner = nullptr;
}

void Progress::update(std::string_view detail) {
  if (isatty(STDERR_FILENO) != 1) return;
  Screen& now = screen();
  const std::lock_guard guard(now.mutex);
  now.owner = this;
  now.line = fitting(what_ + ": " + std::string(detail));
  now.draw();
}

}  // namespace slipway::cli
