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
  std::vector<Body::Duplicate>& duplicates() { return duplicates_; }
  std::unordered_map<std::string, std::size_t>& offsets() { return offsets_; }

 private:
  static constexpr int deepest = 200;
  static constexpr std::size_t most_findings = 100;

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
      offsets_.try_emplace(path_, begin);
      if (!is_new) note(earlier->second, begin);
      if (!scan_value(depth + 1)) return false;
      path_.resize(length);
      // An earlier member is always followed by a comma, which goes with it.
      earlier->second = {begin, at_};
      if (take('}')) return true;
      if (!take(',')) return false;
      earlier->second.end = at_;
    }
  }

  void note(Span earlier, std::size_t offset) {
    // What was cut inside it goes with it.
    std::erase_if(cuts_, [&](Span cut) { return cut.begin >= earlier.begin && cut.end <= earlier.end; });
    cuts_.push_back(earlier);
    const bool told = std::ranges::find(duplicates_, path_, &Body::Duplicate::path) != duplicates_.end();
    if (!told && duplicates_.size() < most_findings) duplicates_.push_back({path_, offset});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string path_;
  std::vector<Span> cuts_;
  std::vector<Body::Duplicate> duplicates_;
  std::unordered_map<std::string, std::size_t> offsets_;  // of paths
};

}  // namespace

Result<Body> parse_json_body(std::string_view text, std::string_view source_name) {
  auto value = doc::parse_json(text, source_name);
  if (value) return Body{std::move(*value), {}, {}};
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
  return Body{std::move(cleaned), std::move(scanner.duplicates()), std::move(scanner.offsets())};
}

Findings check(const Body& body, const Type& type) {
  Findings findings = check(body.value, type);
  if (body.duplicates.empty()) return findings;
  constexpr std::string_view unknown = "unknown field \"";
  std::vector<std::pair<std::size_t, std::string>> ordered;
  for (std::string& finding : findings.strict) {
    const auto at = body.offsets.find(finding.substr(unknown.size(), finding.size() - unknown.size() - 1));
    ordered.emplace_back(at == body.offsets.end() ? std::string::npos : at->second, std::move(finding));
  }
  const std::size_t unknown_ones = ordered.size();
  for (const Body::Duplicate& duplicate : body.duplicates) {
    bool hidden = false;
    for (std::size_t i = 0; i < unknown_ones && !hidden; ++i) {
      const std::string_view outer = std::string_view(ordered[i].second).substr(unknown.size());
      const std::string_view path = outer.substr(0, outer.size() - 1);
      hidden = duplicate.path.size() > path.size() && duplicate.path.starts_with(path) &&
               (duplicate.path[path.size()] == '.' || duplicate.path[path.size()] == '[');
    }
    if (!hidden) ordered.emplace_back(duplicate.offset, "duplicate field \"" + duplicate.path + "\"");
  }
  std::ranges::stable_sort(ordered, {}, &std::pair<std::size_t, std::string>::first);
  findings.strict.clear();
  for (auto& [offset, finding] : ordered) findings.strict.push_back(std::move(finding));
  return findings;
}

}  // namespace slipway::objects::schema
