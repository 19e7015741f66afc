#include "workflow/dialects/kfp/condition.hpp"

#include "expr/position.hpp"

namespace slipway::workflow::kfp {
namespace {

constexpr std::string_view variable = "inputs";

// From its place in the expression to its place in the file.
core::Error in_file(core::Error error, std::string_view text, const core::Mark& scalar) {
  for (auto& cause : error.causes) cause = in_file(std::move(cause), text, scalar);
  std::size_t offset = 0;
  for (std::uint32_t line = 1; line < error.mark.line; ++line) offset = text.find('\n', offset) + 1;
  offset += error.mark.column > 0 ? error.mark.column - 1 : 0;
  error.mark = expr::mark_within(scalar, text, std::min(offset, text.size()), 1);
  return error;
}

}  // namespace

core::Result<expr::cel::Program> parse_condition(std::string_view text, const core::Mark& mark) {
  auto program =
      expr::cel::compile(text, expr::cel::Declarations().add(std::string(variable)), {.wanted = expr::cel::Kind::dyn});
  if (!program) return fail(in_file(std::move(program).error(), text, mark));
  const auto kind = program->type().kind();
  if (kind == expr::cel::Kind::dyn || kind == expr::cel::Kind::boolean) return program;
  return fail(Error(Code::invalid_argument, "the condition gives " + program->type().render() + ", not true or false")
                  .at(mark));
}

core::Result<bool> holds(const expr::cel::Program& condition, const core::doc::Object& parameters) {
  const core::doc::Value inputs = core::doc::Object{{"parameter_values", parameters}};
  expr::cel::Bindings bindings;
  bindings.document(variable, inputs);
  expr::cel::Budget budget;
  return condition.evaluate_bool(bindings, budget);
}

}  // namespace slipway::workflow::kfp
