// JSON whose objects say a key twice. core's parser refuses it, rightly for files; a request is answered with the names
// of the fields instead. The text is walked once more, the earlier members are cut out, and the parser reads the rest:
// it also tells everything else that is wrong, so that the walk may trust what it sees.

#include <algorithm>
#include <unordered_map>

#include "objects/schema/decode.hpp"

namespace slipway::objects::schema {

namespace {

struct Span {
  std::size_t begin = 0, end = 0;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // False when the text is no JSON.
  bool scan() { return scan_value(0); }
  std::vector<Span>& cuts() { return cuts_; }
  std::vector<std::string>& duplicates() { return duplicates_; }

 private:
  static constexpr int deepest = 200;

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool scan_string(std::string_view& raw) {
    if (peek() != '"') return false;
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2u : 1u;
    if (at_ >= text_.size()) return false;
    raw = text_.substr(begin, ++at_ - begin);
    return true;
  }

  bool scan_value(int depth) {
    if (depth > deepest) return false;
    std::string_view ignored;
    switch (peek()) {
      case '{':
        return scan_object(depth);
      case '[':
        return scan_array(depth);
      case '"':
        return scan_string(ignored);
      default: {
        const std::size_t begin = at_;
        while (at_ < text_.size() && !std::string_view(",]} \t\r\n").contains(text_[at_])) ++at_;
        return at_ > begin;
      }
    }
  }

  bool scan_array(int depth) {
    ++at_;
    if (take(']')) return true;
    const std::size_t length = path_.size();
    for (std::size_t i = 0;; ++i) {
      path_ += "[" + std::to_string(i) + "]";
      if (!scan_value(depth + 1)) return false;
      path_.resize(length);
      if (take(']')) return true;
      if (!take(',')) return false;
    }
  }

  bool scan_object(int depth) {
    ++at_;
    std::unordered_map<std::string, Span> members;
    const std::size_t length = path_.size();
    if (take('}')) return true;
    while (true) {
      skip_space();
      const std::size_t begin = at_;
      std::string_view raw;
      if (!scan_string(raw) || !take(':')) return false;
      const auto key = doc::parse_json(raw);
      if (!key) return false;
      path_ += (length == 0 ? "" : ".") + key->as_string();
      const auto [earlier, is_new] = members.try_emplace(key->as_string());
      if (!is_new) note(earlier->second);
      if (!scan_value(depth + 1)) return false;
      path_.resize(length);
      // An earlier member is always followed by a comma, which goes with it.
      earlier->second = {begin, at_};
      if (take('}')) return true;
      if (!take(',')) return false;
      earlier->second.end = at_;
    }
  }

  void note(Span earlier) {
    // What was cut inside it goes with it.
    std::erase_if(cuts_, [&](Span cut) { return cut.begin >= earlier.begin && cut.end <= earlier.end; });
    cuts_.push_back(earlier);
    std::string finding = "duplicate field \"" + path_ + "\"";
    if (std::ranges::find(duplicates_, finding) == duplicates_.end() && duplicates_.size() < 100)
      duplicates_.push_back(std::move(finding));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string path_;
  std::vector<Span> cuts_;
  std::vector<std::string> duplicates_;
};

}  // namespace

Result<Body> parse_json_body(std::string_view text, std::string_view source_name) {
  auto value = doc::parse_json(text, source_name);
  if (value) return Body{std::move(*value), {}};
  if (!value.error().message.starts_with("duplicate key")) return fail(std::move(value.error()));
  Scanner scanner(text);
  if (!scanner.scan()) return fail(std::move(value.error()));
  std::ranges::sort(scanner.cuts(), {}, &Span::begin);
  std::string rest;
  std::size_t from = 0;
  for (const Span cut : scanner.cuts()) {
    rest += text.substr(from, cut.begin - from);
    from = cut.end;
  }
  rest += text.substr(from);
  TRY_ASSIGN(doc::Value cleaned, doc::parse_json(rest, source_name));
  return Body{std::move(cleaned), std::move(scanner.duplicates())};
}

}  // namespace slipway::objects::schema
