#include "objects/fields/field_selector.hpp"

#include <algorithm>

namespace slipway::objects::fields {
namespace {

// At commas without a backslash before them, which stay as they are.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  terms.push_back(text.substr(start));
  return terms;
}

Result<std::string> unescaped(std::string_view value) {
  const auto bad = [](std::string what) {
    return fail(Code::invalid_argument, "invalid field selector: " + std::move(what));
  };
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == ',' || c == '=') return bad("unescaped character in value: " + std::to_string(static_cast<int>(c)));
    if (c != '\\') {
      out += c;
      continue;
    }
    if (i + 1 == value.size()) return bad("invalid escape sequence: \\");
    const char next = value[++i];
    if (next != '\\' && next != ',' && next != '=') {
      std::size_t end = i + 1;  // of the whole character
      while (end < value.size() && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) ++end;
      return bad("invalid escape sequence: " + std::string(value.substr(i - 1, end - i + 1)));
    }
    out += next;
  }
  return out;
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == ',' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  auto terms = split(text);
  std::ranges::sort(terms);
  FieldSelector selector;
  for (const std::string_view term : terms) {
    if (term.empty()) continue;
    std::size_t sign = 0;
    while (sign < term.size() && term[sign] != '=' && !term.substr(sign).starts_with("!=")) ++sign;
    if (sign == term.size()) {
      return fail(Code::invalid_argument,
                  "invalid selector: '" + std::string(text) + "'; can't understand '" + std::string(term) + "'",
                  "write FIELD=VALUE or FIELD!=VALUE, with commas between them");
    }
    const bool equal = term[sign] == '=';
    const std::size_t length = !equal || term.substr(sign).starts_with("==") ? 2 : 1;
    TRY_ASSIGN(auto value, unescaped(term.substr(sign + length)));
    selector.requirements_.push_back({std::string(term.substr(0, sign)), equal, std::move(value)});
  }
  return selector;
}

bool FieldSelector::matches(const FieldSet& fields) const {
  return std::ranges::all_of(requirements_, [&](const Requirement& requirement) {
    const auto found = fields.find(requirement.field);
    const bool same = found == fields.end() ? requirement.value.empty() : found->second == requirement.value;
    return same == requirement.equal;
  });
}

std::optional<std::string> FieldSelector::required(std::string_view field) const {
  for (const Requirement& requirement : requirements_) {
    if (requirement.equal && requirement.field == field) return requirement.value;
  }
  return std::nullopt;
}

Result<FieldSelector> FieldSelector::renamed(
    const std::function<Result<std::string>(const std::string&)>& rename) const {
  FieldSelector out = *this;
  for (Requirement& requirement : out.requirements_) {
    TRY_ASSIGN(requirement.field, rename(requirement.field));
  }
  return out;
}

std::string FieldSelector::text() const {
  std::string out;
  for (const Requirement& requirement : requirements_) {
    if (!out.empty()) out += ',';
    out += requirement.field + (requirement.equal ? "=" : "!=") + escaped(requirement.value);
  }
  return out;
}

}  // namespace slipway::objects::fields
