#include "objects/crd/rule_texts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "core/text.hpp"
#include "objects/crd/rules.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

constexpr std::array<std::string_view, 4> reasons{"FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid",
                                                  "FieldValueRequired"};

std::string_view trimmed(const std::string& text) { return core::trimmed(text, " \t\r\n\v\f"); }
bool has_line_ends(std::string_view text) { return text.find_first_of("\n\r") != std::string_view::npos; }

void check_rule_text(Problems& problems, const doc::Value& rule, const Path& path, const Node* node) {
  const std::string text = rule["rule"].string_or("");
  const std::string message = rule["message"].string_or("");
  const std::string expression = rule["messageExpression"].string_or("");
  const std::string field_path = rule["fieldPath"].string_or("");
  const auto invalid = [&](const char* key, const std::string& value, const char* sentence) {
    problems.push_back(validation::invalid(path.child_text(key), value, sentence));
  };
  const auto required = [&](const char* key, const char* sentence) {
    problems.push_back(validation::required(path.child_text(key), sentence));
  };
  if (trimmed(text).empty()) {
    required("rule", "rule is not specified");
  } else if (!message.empty() && trimmed(message).empty()) {
    invalid("message", message, "must be non-empty if specified");
  } else if (has_line_ends(trimmed(message))) {
    invalid("message", message, "must not contain line breaks");
  } else if (has_line_ends(trimmed(text)) && message.empty()) {
    required("message", "message must be specified if rule contains line breaks");
  }
  if (!expression.empty() && trimmed(expression).empty())
    required("messageExpression", "messageExpression must be non-empty if specified");
  const doc::Value& reason = rule["reason"];
  if (!reason.is_null() && std::ranges::find(reasons, reason.string_or("")) == reasons.end())
    problems.push_back(validation::not_supported(path.child_text("reason"), reason, reasons));
  if (field_path.empty()) return;
  if (trimmed(field_path).empty()) invalid("fieldPath", field_path, "must be non-empty if specified");
  if (has_line_ends(field_path)) invalid("fieldPath", field_path, "must not contain line breaks");
  if (node && !find_field(*node, field_path).mistake.empty()) invalid("fieldPath", field_path, "must be a valid path");
}

}  // namespace

Problems check_rule_texts(const doc::Value& schema, const Path& path, const Node* node) {
  Problems problems;
  const doc::Value& rules = schema["x-kubernetes-validations"];
  Path at(path.child_text("x-kubernetes-validations"));
  for (std::size_t i = 0; rules.is_array() && i < rules.size(); ++i) {
    const auto step = at.index(i);
    check_rule_text(problems, rules[i], at, node);
  }
  return problems;
}

std::string as_go(const doc::Value& rule) {
  const auto text = [&](const char* key) { return patch::go_json(doc::Value(rule[key].string_or(""))); };
  const auto pointer = [&](const char* key) { return patch::go_json(rule[key]); };
  return "{\"Rule\":" + text("rule") + ",\"Message\":" + text("message") +
         ",\"MessageExpression\":" + text("messageExpression") + ",\"Reason\":" + pointer("reason") +
         ",\"FieldPath\":" + text("fieldPath") + ",\"OptionalOldSelf\":" + pointer("optionalOldSelf") + "}";
}

void RuleCosts::observe(Problems& problems, const std::string& path, std::string_view what, std::uint64_t cost) {
  if (cost > most) problems.push_back(validation::forbidden(path, too_dear(what, cost, most)));
  constexpr std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  total = cost > limit - total ? limit : total + cost;
  if (cost < most_in_all / 100) return;
  dearest.emplace_back(path, cost);
  std::ranges::stable_sort(dearest, std::ranges::greater(), &std::pair<std::string, std::uint64_t>::second);
  if (dearest.size() > 4) dearest.resize(4);
}

std::string too_dear(std::string_view what, std::uint64_t cost, std::uint64_t most) {
  const double factor = static_cast<double>(cost) / static_cast<double>(most);
  std::array<char, 64> number{};
  const int length = std::snprintf(number.data(), number.size(), factor < 1.5 ? "%fx" : "%.1fx", factor);
  const std::string shown =
      factor > 100 ? "more than 100x" : std::string(number.data(), static_cast<std::size_t>(std::max(length, 0)));
  return std::string(what) + " exceeds budget by factor of " + shown +
         " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings "
         "are declared)";
}

}  // namespace slipway::objects::crd
