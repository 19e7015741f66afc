// Order, sentences and what ends it all are those of k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel.

#include "core/text.hpp"
#include "objects/crd/checks.hpp"
#include "objects/crd/rules.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::crd {

namespace cel = expr::cel;
using validation::Problem;

namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::size_t longest_message = 5 * 1024;

std::string text_of(const Rule& rule) {
  return std::string(core::trimmed(rule.message.empty() ? rule.rule : rule.message, blanks));
}

std::string message_of(const Rule& rule) {
  return rule.message.empty() ? "failed rule: " + text_of(rule) : text_of(rule);
}

Problem problem_of(const Rule& rule, std::string field, const std::string& type, std::string message) {
  if (rule.reason == "FieldValueForbidden") return validation::forbidden(std::move(field), std::move(message));
  if (rule.reason == "FieldValueRequired") return validation::required(std::move(field), std::move(message));
  if (rule.reason == "FieldValueDuplicate") return validation::duplicate(std::move(field), type);
  return validation::invalid(std::move(field), type, std::move(message));
}

class RuleCheck {
 public:
  RuleCheck(const std::string& where, bool ratchet, cel::Budget& budget)
      : path_(where), ratchet_(ratchet), budget_(budget) {}

  // What is unchanged: the value itself, or the nearest part around it that can be told.
  struct Before {
    Correlated self, around;
    bool is_unchanged() const { return self.exists() ? self.is_unchanged() : around.is_unchanged(); }
  };

  // False when nothing may be run any more.
  bool visit(const doc::Value& value, const Node& node, const doc::Value* old, const Before& before) {
    if (value.is_null()) return true;
    if (!node.rules.empty() && !run_rules(value, node, old, before)) return false;
    if (!node.has_rules) return true;
    if (value.is_array()) return visit_elements(value.as_array(), node, old, before);
    if (value.is_object()) return visit_members(value.as_object(), node, old, before);
    return true;
  }

  RuleFindings findings;

 private:
  std::string here() const { return path_.text().empty() ? "<nil>" : path_.text(); }

  bool visit_elements(const doc::Array& array, const Node& node, const doc::Value* old, const Before& before) {
    for (std::size_t i = 0; node.items && i < array.size(); ++i) {
      const doc::Value* previous = nullptr;
      if (old && old->is_array() && node.is_list_map())
        previous = find_by_keys(old->as_array(), array[i], node.type->merge_keys);
      const Before next = before.self.exists() ? Before{before.self.index(i), before.self} : before;
      const auto step = path_.index(i);
      if (!visit(array[i], *node.items, previous, next)) return false;
    }
    return true;
  }

  bool visit_members(const doc::Object& object, const Node& node, const doc::Value* old, const Before& before) {
    for (const auto& [key, member] : object) {
      const auto property = node.properties.find(key);
      const Node* child = property != node.properties.end() ? property->second : node.additional;
      if (!child || !child->has_rules) continue;
      const doc::Value* previous = old && old->is_object() ? old->as_object().find(key) : nullptr;
      const auto step = property != node.properties.end() ? path_.child(key) : path_.key(key);
      if (!visit(member, *child, previous, before_member(before, key))) return false;
    }
    return true;
  }

  static Before before_member(const Before& before, const std::string& key) {
    if (!before.self.exists()) return before;
    // The version is that of the request, not what was stored.
    if (!before.around.value && (key == "apiVersion" || key == "kind")) return {};
    return {before.self.key(key), before.self};
  }

  bool run_rules(const doc::Value& value, const Node& node, const doc::Value* old, const Before& before) {
    if (old && old->is_null()) old = nullptr;
    for (const Rule& rule : node.rules) {
      if (budget_.exhausted()) return out_of_budget(node);
      if (!rule.mistake.empty()) {
        add_invalid(node, "rule compile error: " + rule.mistake);
        continue;
      }
      if (!rule.program) continue;
      const bool optional_old = rule.optional_old_self.value_or(false);
      if (rule.uses_old_self && !old && !optional_old) continue;
      cel::Bindings names;
      names.document("self", value);
      bind_old(names, node, old, optional_old);
      const auto passed = rule.program->evaluate_bool(names, budget_);
      if (!passed) {
        if (!failed(rule, node, passed.error())) return false;
      } else if (!*passed && !refused(rule, node, names, before)) {
        return false;
      }
    }
    return true;
  }

  static void bind_old(cel::Bindings& names, const Node& node, const doc::Value* old, bool optional) {
    if (!optional) {
      if (old) names.document("oldSelf", *old);
      return;
    }
    cel::Optional held;
    if (old) held.held = std::make_shared<const cel::Value>(cel::Value::of(*old, declared_type(*node.type)));
    names.value("oldSelf", cel::Value(std::move(held)));
  }

  void add_invalid(const Node& node, std::string sentence) {
    findings.problems.push_back(validation::invalid(here(), node.type_name(), std::move(sentence)));
  }

  bool out_of_budget(const Node& node) {
    add_invalid(node, "validation failed due to running out of cost budget, no further validation rules will be run");
    return false;
  }

  bool failed(const Rule& rule, const Node& node, const Error& error) {
    if (error.code == Code::resource_exhausted) {
      if (budget_.exhausted()) return out_of_budget(node);
      add_invalid(node, "'" + error.message +
                            "': no further validation rules will be run due to call cost exceeds limit for rule: " +
                            text_of(rule));
      return false;
    }
    if (error.message.starts_with("no such overload")) {
      add_invalid(node, "'" + error.message +
                            "': call arguments did not match a supported operator, function or macro signature for "
                            "rule: " +
                            text_of(rule));
    } else {
      add_invalid(node, error.message + " evaluating rule: " + text_of(rule));
    }
    return true;
  }

  bool refused(const Rule& rule, const Node& node, const cel::Bindings& names, const Before& before) {
    const std::string field = rule.field_path.empty() ? here() : path_.child_text(rule.field_path);
    std::string message = message_of(rule);
    bool goes_on = true;
    if (rule.message_program) {
      const auto made = rule.message_program->evaluate(names, budget_);
      if (!made && made.error().code == Code::resource_exhausted) {
        message = budget_.exhausted() ? "messageExpression evaluation failed due to running out of cost budget, no "
                                        "further validation rules will be run"
                                      : "no further validation rules will be run due to call cost exceeds limit for "
                                        "messageExpression: " +
                                            patch::go_quoted(rule.message_expression);
        goes_on = false;
      } else if (made && made->is_string()) {
        const auto text = core::trimmed(made->as_string(), blanks);
        if (!text.empty() && text.size() <= longest_message && text.find('\n') == std::string_view::npos)
          message = text;
      }
    }
    Problem problem = goes_on ? problem_of(rule, field, node.type_name(), std::move(message))
                              : validation::invalid(field, node.type_name(), std::move(message));
    if (ratchet_ && !rule.uses_old_self && before.is_unchanged()) {
      findings.warnings.push_back(problem.message());
    } else {
      findings.problems.push_back(std::move(problem));
    }
    return goes_on;
  }

  Path path_;
  bool ratchet_;
  cel::Budget& budget_;
};

}  // namespace

RuleFindings check_rules(const doc::Value& value, const Node& node, const doc::Value* old, bool ratchet,
                         const std::string& where, cel::Budget& budget) {
  if (!node.has_rules) return {};
  RuleCheck check(where, ratchet, budget);
  check.visit(value, node, old, {Correlated{&node, &value, ratchet ? old : nullptr}, {}});
  return std::move(check.findings);
}

}  // namespace slipway::objects::crd
