#include "workflow/ir/graph.hpp"

#include <algorithm>

namespace slipway::workflow::ir {

std::string_view name_of(DialectName dialect) { return dialect == DialectName::actions ? "actions" : "kfp"; }

std::string_view name_of(ValueType type) {
  switch (type) {
    case ValueType::text:
      return "text";
    case ValueType::integer:
      return "integer";
    case ValueType::number:
      return "number";
    case ValueType::boolean:
      return "boolean";
    case ValueType::list:
      return "list";
    case ValueType::structure:
      return "structure";
  }
  return "?";
}

Index Graph::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nowhere : found->second;
}

Index Graph::find_child(Index group, std::string_view id) const {
  for (const auto child : steps[group].children) {
    if (steps[child].id == id) return child;
  }
  return nowhere;
}

Index Graph::add(Step step, Index parent) {
  const Index index = steps.size();
  step.parent = parent;
  by_key_.emplace(step.key, index);
  steps.push_back(std::move(step));
  if (parent != nowhere) steps[parent].children.push_back(index);
  return index;
}

void Graph::require(Index step, Index needed) {
  if (std::ranges::find(steps[step].needs, needed) != steps[step].needs.end()) return;
  steps[step].needs.push_back(needed);
  steps[needed].dependents.push_back(step);
}

core::Result<> check_acyclic(const Graph& graph) {
  std::vector<std::size_t> unmet;
  std::vector<Index> free;
  for (Index i = 0; i < graph.steps.size(); i++) {
    unmet.push_back(graph.steps[i].needs.size());
    if (unmet.back() == 0) free.push_back(i);
  }
  for (std::size_t at = 0; at < free.size(); at++) {
    for (const auto dependent : graph.steps[free[at]].dependents) {
      if (--unmet[dependent] == 0) free.push_back(dependent);
    }
  }
  if (free.size() == graph.steps.size()) return {};
  std::string circle;
  core::Mark mark;
  for (Index i = 0; i < graph.steps.size(); i++) {
    if (unmet[i] == 0) continue;
    circle += (circle.empty() ? "" : ", ") + graph.steps[i].key;
    if (!mark.known()) mark = graph.steps[i].mark;
  }
  return fail(Error(Code::invalid_argument, "these need each other in a circle: " + circle).at(mark));
}

}  // namespace slipway::workflow::ir
