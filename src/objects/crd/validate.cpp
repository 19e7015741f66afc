#include "objects/crd/validate.hpp"

#include <algorithm>
#include <limits>

#include "objects/crd/checks.hpp"

namespace slipway::objects::crd {

using validation::Problem;
using validation::Problems;
using validation::Reason;

namespace {

void append(Problems& to, Problems more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// With these, rules could fail for what is already told, or cost without end.
bool blocks_rules(const Problem& problem) {
  return problem.reason == Reason::not_supported || problem.reason == Reason::required ||
         problem.reason == Reason::too_long || problem.reason == Reason::too_many ||
         problem.reason == Reason::type_invalid;
}

// Everything but the values.
void finish(Verdict& verdict, const doc::Value& object, const Node& node, const doc::Value* old) {
  append(verdict.problems, check_embedded(object, node, node.embedded_resource, ""));
  if (!old || check_lists(*old, node, "").empty()) append(verdict.problems, check_lists(object, node, ""));
  if (!node.has_rules) return;
  if (std::ranges::any_of(verdict.problems, blocks_rules)) {
    verdict.problems.push_back(
        validation::invalid("<nil>", doc::Value(),
                            "some validation rules were not checked because the object was invalid; correct the "
                            "existing errors to complete validation"));
    return;
  }
  expr::cel::Budget budget;
  RuleFindings found = check_rules(object, node, old, old != nullptr, "", budget);
  append(verdict.problems, std::move(found.problems));
  verdict.warnings = std::move(found.warnings);
}

const Node* node_of(const schema::Type& type) { return type.constraints ? type.constraints->node : nullptr; }

std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps;
  for (std::size_t begin = path.starts_with('.') ? 1 : 0;;) {
    const std::size_t end = path.find('.', begin);
    steps.push_back(path.substr(begin, end - begin));
    if (end == std::string::npos) return steps;
    begin = end + 1;
  }
}

// nullptr when it is not there.
const doc::Value* find(const doc::Value& object, const std::string& path) {
  const doc::Value* at = &object;
  for (const std::string& step : steps_of(path)) {
    at = at->is_object() ? at->as_object().find(step) : nullptr;
    if (!at) return nullptr;
  }
  return at;
}

void check_replicas(Problems& problems, const doc::Value& object, const std::string& path) {
  const doc::Value* replicas = find(object, path);
  if (!replicas) return;
  if (!replicas->is_int()) {
    problems.push_back(validation::invalid(path, 0, path + " accessor error: the value is not an int64"));
  } else if (replicas->as_int() < 0) {
    problems.push_back(validation::invalid(path, *replicas, "should be a non-negative integer"));
  } else if (replicas->as_int() > std::numeric_limits<std::int32_t>::max()) {
    problems.push_back(validation::invalid(path, *replicas, "should be less than or equal to 2147483647"));
  }
}

}  // namespace

Verdict judge(const doc::Value& object, const schema::Type& type, const doc::Value* old) {
  Verdict verdict;
  const Node* node = node_of(type);
  if (!node) return verdict;
  verdict.problems = check_value(object, *node, old, "");
  finish(verdict, object, *node, old);
  return verdict;
}

Verdict judge_status(const doc::Value& object, const schema::Type& type, const doc::Value* old) {
  Verdict verdict;
  const Node* node = node_of(type);
  if (!node) return verdict;
  const auto status = node->properties.find("status");
  const doc::Value* given = object.is_object() ? object.as_object().find("status") : nullptr;
  if (status != node->properties.end() && given) {
    const doc::Value* before = old && old->is_object() ? old->as_object().find("status") : nullptr;
    verdict.problems = check_value(*given, *status->second, before, "status");
  }
  finish(verdict, object, *node, old);
  return verdict;
}

Problems validate(const doc::Value& object, const schema::Type& type, const doc::Value* old) {
  return judge(object, type, old).problems;
}

Problems validate_scale(const doc::Value& object, const schema::ScalePaths& paths, bool in_status) {
  Problems problems;
  if (!in_status) check_replicas(problems, object, paths.spec_replicas);
  check_replicas(problems, object, paths.status_replicas);
  if (paths.label_selector.empty()) return problems;
  const doc::Value* selector = find(object, paths.label_selector);
  if (selector && !selector->is_string()) {
    problems.push_back(validation::invalid(paths.label_selector, "",
                                           paths.label_selector + " accessor error: the value is no string"));
  }
  return problems;
}

}  // namespace slipway::objects::crd
