#pragma once
// `on:` of a workflow file. Inside dialects/actions only.

#include <optional>
#include <string>
#include <vector>

#include "workflow/ir/graph.hpp"

namespace slipway::workflow::actions {

struct PushFilter {
  std::vector<std::string> branches, branches_ignore;
  bool only_tags = false;  // tags are named and branches are not
  bool matches(std::string_view ref) const;
};

struct Triggers {
  std::optional<PushFilter> push;
  bool dispatch = false;
  std::vector<ir::Parameter> inputs;  // of workflow_dispatch
};

// Other events of GitHub are known and never happen here; paths filters are refused.
core::Result<Triggers> read_triggers(const core::doc::Value& document);

// GitHub's filter patterns: * (not "/"), ** and a leading "!", which takes out again what matched before.
bool matches_patterns(const std::vector<std::string>& patterns, std::string_view name);

}  // namespace slipway::workflow::actions
