#pragma once
// Conditions of an AnalysisTemplate: the subset of expr-lang that they use. Literals, `result`, result[0], arithmetic,
// comparisons, &&, ||, !, ?:, in, and the functions len, isNaN, isInf, isNil, default, abs, min, max, asFloat, asInt,
// float. Not a general expression engine: that is expr/.

#include <memory>
#include <string>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::delivery::analysis {

struct ConditionNode;

// Immutable after parsing; safe from any thread.
class Condition {
 public:
  // invalid_argument with the position in `text`. Texts over 4 KiB or nested deeper than 64 are refused.
  static Result<Condition> parse(std::string_view text, std::string_view source_name = "condition");

  // `result` is an array of numbers (a vector) or a number (a scalar). Arithmetic follows IEEE: comparisons with NaN
  // are false. out of range, wrong types and a non-boolean outcome are invalid_argument.
  Result<bool> evaluate(const core::doc::Value& result) const;

 private:
  explicit Condition(std::shared_ptr<const ConditionNode> root) : root_(std::move(root)) {}
  std::shared_ptr<const ConditionNode> root_;
};

}  // namespace slipway::delivery::analysis
