#include "objects/crd/pattern.hpp"

#include <array>
#include <utility>

namespace slipway::objects::crd {

namespace {

// What RE2 says, and what Go says instead.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> words{{
    {"missing ]", "missing closing ]"},
    {"missing )", "missing closing )"},
    {"unexpected )", "unexpected )"},
    {"no argument for repetition operator", "missing argument to repetition operator"},
    {"bad repetition operator", "invalid nested repetition operator"},
    {"invalid perl operator", "invalid or unsupported Perl syntax"},
    {"invalid escape sequence", "invalid escape sequence"},
    {"invalid repetition size", "invalid repeat count"},
    {"invalid character class range", "invalid character class range"},
    {"trailing \\", "trailing backslash at end of expression"},
    {"invalid named capture group", "invalid named capture"},
}};

std::string in_words_of_go(const std::string& pattern, const std::string& message) {
  const std::string prefix = "bad regular expression \"" + pattern + "\": ";
  const std::string reason = message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  for (const auto& [re2, go] : words) {
    if (!reason.starts_with(re2)) continue;
    const std::string rest = reason.substr(re2.size());
    const std::string what = rest.starts_with(": ") ? rest.substr(2) : "";
    return "error parsing regexp: " + std::string(go) + ": `" + what + "`";
  }
  return "error parsing regexp: " + reason;
}

std::string with_named_groups(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else if (text.compare(i, 3, "(?<") == 0 && i + 3 < text.size() && text[i + 3] != '=' && text[i + 3] != '!') {
      out += "?P<";
      i += 2;
    }
  }
  return out;
}

}  // namespace

Result<Pattern> Pattern::parse(const std::string& text) {
  const std::string plain = with_named_groups(text);
  // First as it stands: so that what is wrong is said of it alone, and nothing in it closes the group around it.
  if (auto alone = core::Regex::parse(plain); !alone)
    return fail(Code::invalid_argument, in_words_of_go(plain, alone.error().message));
  auto around = core::Regex::parse("(?s:.*?)(?-s:" + plain + ")(?s:.*)");
  if (!around) return fail(Code::invalid_argument, in_words_of_go(plain, around.error().message));
  Pattern pattern;
  pattern.regex_ = std::move(*around);
  return pattern;
}

}  // namespace slipway::objects::crd
