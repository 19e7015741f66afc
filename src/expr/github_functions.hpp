#pragma once
// Conversions, comparison and functions of GitHub's expressions; inside expr/ only.

#include "expr/evaluator.hpp"
#include "expr/github.hpp"

namespace slipway::expr::github {

double to_number(const core::doc::Value& value);  // NaN when it is none
bool compare_loosely(Op op, const Operand& left, const Operand& right);
bool is_status_function(std::string_view name);
// Unknown name, wrong number of arguments, or not allowed here.
core::Result<> check_call(const Node& node, bool status_functions);
core::Result<Operand> call_function(const Node& node, const std::vector<Operand>& arguments, const Scope& scope);

}  // namespace slipway::expr::github
