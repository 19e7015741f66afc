#include "objects/conversion/label_text.hpp"

#include <algorithm>
#include <vector>

namespace slipway::objects::conversion {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

Result<std::string> expression_text(const doc::Value& expression) {
  const std::string key = expression["key"].string_or("");
  const std::string op = expression["operator"].string_or("");
  std::vector<std::string> values;
  for (std::size_t i = 0; i < expression["values"].size(); ++i) values.push_back(expression["values"][i].string_or(""));
  const bool of_values = op == "In" || op == "NotIn";
  if (!of_values && op != "Exists" && op != "DoesNotExist") {
    return fail(Code::invalid_argument, "\"" + op + "\" is not a valid label selector operator");
  }
  if (of_values && values.empty())
    return fail(Code::invalid_argument, "for 'in', 'notin' operators, values set can't be empty");
  if (!of_values && !values.empty())
    return fail(Code::invalid_argument, "values set must be empty for exists and does not exist");
  if (op == "Exists") return key;
  if (op == "DoesNotExist") return "!" + key;
  std::ranges::sort(values);
  std::string list;
  for (std::size_t i = 0; i < values.size(); ++i) list += (i == 0 ? "" : ",") + values[i];
  return key + (op == "In" ? " in (" : " notin (") + list + ")";
}

}  // namespace

Result<std::string> selector_text(const doc::Value& label_selector) {
  std::vector<std::pair<std::string, std::string>> terms;  // key, text
  if (const doc::Value& labels = label_selector["matchLabels"]; labels.is_object()) {
    for (const auto& [key, value] : labels.as_object()) terms.emplace_back(key, key + "=" + value.string_or(""));
  }
  const doc::Value& expressions = label_selector["matchExpressions"];
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    TRY_ASSIGN(auto text, expression_text(expressions[i]));
    terms.emplace_back(expressions[i]["key"].string_or(""), std::move(text));
  }
  std::ranges::stable_sort(terms, {}, &std::pair<std::string, std::string>::first);
  std::vector<std::string> texts;
  for (auto& [key, text] : terms) texts.push_back(std::move(text));
  return joined(texts);
}

std::string labels_text(const doc::Value& labels) {
  if (!labels.is_object()) return {};
  std::vector<std::string> texts;
  for (const auto& [key, value] : labels.as_object()) texts.push_back(key + "=" + value.string_or(""));
  std::ranges::sort(texts);
  return joined(texts);
}

}  // namespace slipway::objects::conversion
