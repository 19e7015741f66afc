// LabelSelector: Kubernetes' label selector grammar and object.

#include <algorithm>
#include <cctype>

#include "core/doc_scalar.hpp"
#include "core/text.hpp"
#include "objects/object.hpp"

namespace slipway::objects {
namespace {

using core::trimmed;

// Splits at commas outside parentheses.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      terms.push_back(trimmed(text.substr(start, i - start)));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return terms;
}

bool is_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

std::unexpected<Error> bad(std::string_view term) {
  return fail(Code::invalid_argument, "unable to parse label selector requirement \"" + std::string(term) + "\"",
              "write key=value, key!=value, key in (a,b), key notin (a,b), key or !key");
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (trimmed(text).empty()) return selector;
  for (const auto term : split_terms(text)) {
    Term parsed;
    if (term.starts_with('!')) {
      parsed.key = trimmed(term.substr(1));
      parsed.op = Op::absent;
    } else if (const auto equals = term.find('='); equals != std::string_view::npos) {
      const bool negated = equals > 0 && term[equals - 1] == '!';
      const bool doubled = equals + 1 < term.size() && term[equals + 1] == '=';
      parsed.key = trimmed(term.substr(0, negated ? equals - 1 : equals));
      parsed.op = negated ? Op::not_in : Op::in;
      const auto value = trimmed(term.substr(equals + (doubled ? 2 : 1)));
      if (!value.empty() && !is_key(value)) return bad(term);
      parsed.values.emplace_back(value);
    } else if (const auto space = term.find_first_of(" \t"); space != std::string_view::npos) {
      parsed.key = term.substr(0, space);
      auto rest = trimmed(term.substr(space));
      if (rest.starts_with("notin")) {
        parsed.op = Op::not_in;
        rest = trimmed(rest.substr(5));
      } else if (rest.starts_with("in")) {
        parsed.op = Op::in;
        rest = trimmed(rest.substr(2));
      } else {
        return bad(term);
      }
      if (rest.size() < 2 || rest.front() != '(' || rest.back() != ')') return bad(term);
      for (const auto value : split_terms(rest.substr(1, rest.size() - 2))) parsed.values.emplace_back(value);
    } else {
      parsed.key = term;
      parsed.op = Op::exists;
    }
    if (!is_key(parsed.key)) return bad(term);
    selector.terms_.push_back(std::move(parsed));
  }
  return selector;
}

Result<LabelSelector> LabelSelector::from_value(const doc::Value& value) {
  LabelSelector selector;
  if (value.is_null()) return selector;
  if (!value.is_object())
    return fail(Error(Code::invalid_argument, "a label selector must be an object").at(value.mark()));
  auto add_map = [&](const doc::Value& map) {
    if (!map.is_object()) return;
    for (const auto& [key, wanted] : map.as_object()) selector.terms_.push_back({key, Op::in, {wanted.string_or("")}});
  };
  if (value["matchLabels"].is_null() && value["matchExpressions"].is_null()) {
    add_map(value);
    return selector;
  }
  add_map(value["matchLabels"]);
  const auto& expressions = value["matchExpressions"];
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const auto& expression = expressions[i];
    const auto op = expression["operator"].string_or("");
    Term term{expression["key"].string_or(""), Op::exists, {}};
    if (op == "In")
      term.op = Op::in;
    else if (op == "NotIn")
      term.op = Op::not_in;
    else if (op == "Exists")
      term.op = Op::exists;
    else if (op == "DoesNotExist")
      term.op = Op::absent;
    else
      return fail(Error(Code::invalid_argument, "\"" + op + "\" is not a valid label selector operator",
                        "use In, NotIn, Exists or DoesNotExist")
                      .at(expression["operator"].mark()));
    const auto& values = expression["values"];
    for (std::size_t v = 0; v < values.size(); ++v) term.values.push_back(values[v].string_or(""));
    const bool needs_values = term.op == Op::in || term.op == Op::not_in;
    if (term.key.empty() || needs_values == term.values.empty()) {
      return fail(Error(Code::invalid_argument, "matchExpressions needs a key, and values exactly for In and NotIn")
                      .at(expression.mark()));
    }
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool LabelSelector::may_match(std::string_view json) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    if (term.op == Op::not_in || term.op == Op::absent) return true;
    std::string wanted;
    core::doc::append_json_string(wanted, term.key);
    wanted += ':';
    if (term.op == Op::exists) return json.contains(wanted);
    return std::ranges::any_of(term.values, [&](const std::string& value) {
      std::string member = wanted;
      core::doc::append_json_string(member, value);
      return json.contains(member);
    });
  });
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    const auto found = labels.find(term.key);
    const bool present = found != labels.end();
    const bool listed = present && std::ranges::find(term.values, found->second) != term.values.end();
    switch (term.op) {
      case Op::in:
        return listed;
      case Op::not_in:
        return !listed;  // an absent key matches too, as in Kubernetes
      case Op::exists:
        return present;
      case Op::absent:
        return !present;
    }
    return false;
  });
}

std::string LabelSelector::text() const {
  std::string text;
  for (const auto& term : terms_) {
    if (!text.empty()) text += ',';
    if (term.op == Op::exists || term.op == Op::absent) {
      text += (term.op == Op::absent ? "!" : "") + term.key;
    } else if (term.values.size() == 1) {
      text += term.key + (term.op == Op::in ? "=" : "!=") + term.values.front();
    } else {
      std::string list;
      for (const auto& value : term.values) list += (list.empty() ? "" : ",") + value;
      text += term.key + (term.op == Op::in ? " in (" : " notin (") + list + ")";
    }
  }
  return text;
}

}  // namespace slipway::objects
