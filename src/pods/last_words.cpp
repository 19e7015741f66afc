#include "pods/last_words.hpp"

#include "pods/logs.hpp"

namespace slipway::pods {
namespace {

constexpr std::size_t most_written = 4096;
constexpr std::size_t most_of_log = 2048;
constexpr std::size_t most_lines = 80;

}  // namespace

std::string last_words_path(const doc::Value& container) {
  return container["terminationMessagePath"].string_or("/dev/termination-log");
}

std::string last_words(const doc::Value& container, int exit_code, std::string_view written, std::string_view log) {
  if (!written.empty()) return std::string(written.substr(0, most_written));
  if (exit_code == 0 || container["terminationMessagePolicy"].string_or("File") != "FallbackToLogsOnError") return "";
  LogQuery query;
  query.tail_lines = most_lines;
  std::string text = render_log(log, query);
  if (text.size() > most_of_log) text.erase(0, text.size() - most_of_log);
  return text;
}

}  // namespace slipway::pods
