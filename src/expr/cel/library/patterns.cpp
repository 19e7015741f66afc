// Regular expressions: matches() of cel-spec, find() and findAll() of Kubernetes. RE2, as Go's.

#include "expr/cel/functions.hpp"

namespace slipway::expr::cel::library {

namespace {

// The literal's own, or one made for this call.
Result<std::shared_ptr<const core::Regex>> regex_of(const Call& call) {
  if (call.regex != nullptr) return std::shared_ptr<const core::Regex>();
  return core::Regex::parse(std::string(call.text(1)), core::Regex::Dot::all_but_newline);
}

Value matches(const Call& call) {
  const auto made = regex_of(call);
  if (!made) return Value::failure("error parsing regexp: " + made.error().message);
  const auto& regex = call.regex != nullptr ? *call.regex : **made;
  return Value(regex.find(call.text(0)).has_value());
}

Value find(const Call& call) {
  const auto made = regex_of(call);
  if (!made) return Value::failure("Illegal regex: error parsing regexp: " + made.error().message);
  const auto& regex = call.regex != nullptr ? *call.regex : **made;
  const auto found = regex.find(call.text(0));
  return found ? part_of(call[0], found->offset, found->length) : text_value("");
}

Value find_all(const Call& call) {
  const auto made = regex_of(call);
  if (!made) return Value::failure("Illegal regex: error parsing regexp: " + made.error().message);
  const auto& regex = call.regex != nullptr ? *call.regex : **made;
  const std::int64_t most = call.arguments.size() == 3 ? call.integer(2) : -1;
  const auto text = call.text(0);
  std::vector<Value> out;
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  while (at <= text.size() && (most < 0 || static_cast<std::int64_t>(out.size()) < most)) {
    const auto found = regex.find(text, at);
    if (!found) break;
    const auto end = found->offset + found->length;
    // An empty match right behind the one before is none, as in Go.
    if (found->length != 0 || found->offset != last_end) out.push_back(part_of(call[0], found->offset, found->length));
    last_end = end;
    at = found->length == 0 ? end + 1 : end;
  }
  return Value::list(std::move(out));
}

constexpr Line lines[] = {
    {"matches(string, string): bool", matches, Cost::pattern},
    {"string->matches(string): bool", matches, Cost::pattern},
    {"string->find(string): string", find, Cost::pattern},
    {"string->findAll(string): list<string>", find_all, Cost::pattern},
    {"string->findAll(string, int): list<string>", find_all, Cost::pattern},
};

}  // namespace

Library patterns() { return lines; }

}  // namespace slipway::expr::cel::library
