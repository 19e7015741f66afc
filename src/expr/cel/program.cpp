#include "expr/cel/program.hpp"

#include <algorithm>

#include "expr/cel/checker.hpp"
#include "expr/cel/cost.hpp"
#include "expr/cel/evaluator.hpp"
#include "expr/cel/parser.hpp"
#include "expr/cel/text.hpp"

namespace slipway::expr::cel {

namespace {

core::Mark mark_at(const std::shared_ptr<const core::Source>& source, std::size_t offset) {
  core::Mark mark;
  mark.source = source;
  mark.line = 1;
  const std::string_view before = std::string_view(source->text).substr(0, offset);
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != '\n') continue;
    ++mark.line;
    line_begin = i + 1;
  }
  mark.column = static_cast<std::uint32_t>(before.size() - line_begin) + 1;
  return mark;
}

std::shared_ptr<const core::Source> source_of(std::string_view text) {
  return std::make_shared<const core::Source>(core::Source{"<input>", std::string(text)});
}

Error error_of(std::string_view text, std::vector<Mistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.offset < b.offset; });
  const auto source = source_of(text);
  std::vector<Error> problems;
  for (const auto& mistake : mistakes) {
    problems.push_back(Error(Code::invalid_argument, mistake.message).at(mark_at(source, mistake.offset)));
  }
  return core::join(std::move(problems));
}

std::string one_mistake(const Error& error) {
  std::string out = "ERROR: <input>:" + std::to_string(error.mark.line);
  if (error.mark.source == nullptr) return "ERROR: " + error.message;
  std::string_view line = error.mark.source->text;
  for (std::uint32_t i = 1; i < error.mark.line; ++i) line.remove_prefix(std::min(line.find('\n') + 1, line.size()));
  line = line.substr(0, line.find('\n'));
  const auto characters = count_characters(line.substr(0, error.mark.column - 1));
  out += ":" + std::to_string(characters + 1) + ": " + error.message + "\n | " + std::string(line) + "\n | ";
  return out + std::string(characters, '.') + "^";
}

}  // namespace

Bindings& Bindings::document(std::string_view name, const doc::Value& value) {
  bound_.push_back({name, &value, {}, true, {}});
  return *this;
}

Bindings& Bindings::value(std::string_view name, Value value) {
  bound_.push_back({name, nullptr, std::move(value), true, {}});
  return *this;
}

Bindings& Bindings::lazy(std::string_view name, std::function<Result<Value>()> value) {
  bound_.push_back({name, nullptr, {}, false, std::move(value)});
  return *this;
}

const Bindings::Bound* Bindings::find(std::string_view name) const {
  for (const auto& bound : bound_) {
    if (bound.name == name) return &bound;
  }
  return nullptr;
}

Result<Program> compile(std::string_view text, const Declarations& declarations, const CompileOptions& options) {
  auto parsed = parse(text);
  if (!parsed) return fail(error_of(text, {parsed.error()}));
  auto compiled = std::make_shared<Program::Compiled>();
  compiled->root = std::move(*parsed);
  const auto checked = check(compiled->root, declarations);
  if (!checked.mistakes.empty()) return fail(error_of(text, checked.mistakes));
  const auto& type = compiled->root.type;
  if (options.wanted != Kind::dyn && type.kind() != options.wanted) {
    return fail(error_of(text, {{0, "cel expression must evaluate to a " + Type(options.wanted).render()}}));
  }
  compiled->text = text;
  for (const auto number : checked.variables) compiled->variables.push_back(declarations.variables[number]);
  compiled->locals = checked.locals;
  return Program(std::move(compiled));
}

std::string render_mistakes(const Error& error) {
  if (error.causes.empty()) return one_mistake(error);
  std::string out;
  for (const auto& cause : error.causes) out += (out.empty() ? "" : "\n") + one_mistake(cause);
  return out;
}

Result<Value> Program::evaluate(const Bindings& bindings, Budget& budget) const {
  Evaluator evaluator(*compiled_, bindings, budget.call_limit());
  auto value = evaluator.run();
  budget.spend(evaluator.cost());
  if (!value.is_failure()) return value;
  const auto& failure = value.failure_of();
  Error error(failure.limit ? Code::resource_exhausted : Code::invalid_argument, failure.message);
  if (failure.offset != 0) error.mark = mark_at(source_of(compiled_->text), failure.offset - 1);
  return fail(std::move(error));
}

Result<bool> Program::evaluate_bool(const Bindings& bindings, Budget& budget) const {
  TRY_ASSIGN(const auto value, evaluate(bindings, budget));
  if (value.is_bool()) return value.as_bool();
  return fail(Code::invalid_argument, "the expression gives " + value.type_name() + " where a bool is wanted");
}

const Type& Program::type() const { return compiled_->root.type; }

bool Program::reads(std::string_view variable) const {
  for (const auto& each : compiled_->variables) {
    if (each.name == variable) return true;
  }
  return false;
}

std::uint64_t Program::estimated_cost() const { return estimate(compiled_->root); }

const std::string& Program::text() const { return compiled_->text; }

}  // namespace slipway::expr::cel
