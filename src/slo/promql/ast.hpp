#pragma once
// The tree of a PromQL expression; made by parse(), read by evaluate(). Inside of promql/.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/regex.hpp"
#include "core/time.hpp"

namespace slipway::slo::promql {

struct Matcher {
  enum class Op { equal, not_equal, matches, not_matches };
  std::string label;
  Op op = Op::equal;
  std::string value;
  std::shared_ptr<const core::Regex> regex;  // anchored, for the last two
};

struct Node {
  enum class Kind { number, selector, call, aggregate, binary, negate };
  Kind kind = Kind::number;
  double number = 0;
  std::string name;  // metric, function, aggregation or operator
  std::vector<Matcher> matchers;
  std::optional<core::Duration> range;  // selector[5m]
  core::Duration offset{0};
  std::vector<Node> parts;

  // aggregate: by (...) or without (...); binary: on (...) or ignoring (...)
  std::vector<std::string> labels;
  bool has_grouping = false;
  bool excludes_labels = false;
  bool returns_bool = false;  // comparison with `bool`
  bool group_left = false, group_right = false;
};

}  // namespace slipway::slo::promql
