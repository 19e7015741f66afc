#include "workflow/dialects/kfp/values.hpp"

#include <cmath>

#include "expr/number.hpp"
#include "workflow/dialects/kfp/fields.hpp"
#include "workflow/dialects/kfp/placeholders.hpp"

namespace slipway::workflow::kfp {
namespace {

using core::doc::Value;
using ir::Binding;
using ir::ValueType;

std::string snake_case(std::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += c;
    }
  }
  return snake;
}

std::unexpected<Error> wrong_type(const Value& value, ValueType type) {
  return fail(Error(Code::invalid_argument, "wanted a value of type " + std::string(ir::name_of(type)) + ", not " +
                                                core::doc::render_json(value))
                  .at(value.mark()));
}

core::Result<Value> convert_number(const Value& value, ValueType type) {
  std::optional<double> number;
  if (value.is_number()) number = value.as_double();
  if (value.is_string()) number = expr::parse_number(value.as_string());
  if (!number || !std::isfinite(*number)) return wrong_type(value, type);
  if (type == ValueType::number) return Value(*number);
  if (std::trunc(*number) != *number) return wrong_type(value, type);
  return value.is_int() ? value : expr::number_value(*number);
}

// What the producer of an output left, or null.
const Value& produced(const Context& context, const Binding& binding, std::string_view what) {
  return context.state.steps[binding.step].outputs[what][binding.name];
}

std::unexpected<Error> not_produced(const Context& context, const Binding& binding) {
  return fail(Code::failed_precondition,
              "\"" + context.graph.steps[binding.step].key + "\" did not make its output \"" + binding.name + "\"");
}

}  // namespace

const Value& field(const Value& object, std::string_view camel) {
  const auto& found = object[camel];
  return found.is_null() ? object[snake_case(camel)] : found;
}

core::Result<Value> convert(const Value& value, ValueType type) {
  switch (type) {
    case ValueType::text:
      return value.is_string() ? value : Value(text_of(value));
    case ValueType::integer:
    case ValueType::number:
      return convert_number(value, type);
    case ValueType::boolean:
      if (value.is_bool()) return value;
      if (value.is_string() && (value.as_string() == "true" || value.as_string() == "True")) return Value(true);
      if (value.is_string() && (value.as_string() == "false" || value.as_string() == "False")) return Value(false);
      return wrong_type(value, type);
    case ValueType::list:
    case ValueType::structure: {
      const auto fits = [&](const Value& v) { return type == ValueType::list ? v.is_array() : v.is_object(); };
      if (fits(value)) return value;
      if (!value.is_string()) return wrong_type(value, type);
      auto parsed = core::doc::parse_json(value.as_string());
      if (!parsed || !fits(*parsed)) return wrong_type(value, type);
      return std::move(*parsed);
    }
  }
  return value;
}

std::string text_of(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_number())
    return value.is_int() ? std::to_string(value.as_int()) : expr::render_number(value.as_double());
  if (value.is_null()) return "";
  return core::doc::render_json(value);
}

core::Result<std::optional<Value>> parameter_value(const Context& context, ir::Index step, const ir::Parameter& input) {
  std::optional<Value> value;
  if (input.binding) {
    const auto& binding = *input.binding;
    if (binding.from == Binding::From::constant) {
      value = binding.constant;
      if (value->is_string()) {
        TRY_ASSIGN(value, resolve_constant(context, step, value->as_string()));
      }
    } else if (binding.from == Binding::From::input) {
      const auto parent = context.graph.steps[step].parent;
      for (const auto& outer : context.graph.steps[parent].parameters) {
        if (outer.name != binding.name) continue;
        TRY_ASSIGN(value, parameter_value(context, parent, outer));
      }
    } else if (const auto& made = produced(context, binding, "parameters"); !made.is_null()) {
      value = made;
    } else if (!input.optional && !input.fallback) {
      return not_produced(context, binding);
    }
  } else if (step == ir::root) {
    const auto* given = context.facts.submission.parameters.find(input.name);
    if (given != nullptr) value = *given;
  }
  if (!value || value->is_null()) value = input.fallback;
  if (!value) {
    if (input.optional) return std::optional<Value>{};
    return fail(Code::failed_precondition,
                "the input \"" + input.name + "\" of \"" + context.graph.steps[step].key + "\" has no value");
  }
  TRY_ASSIGN(auto converted, convert(*value, input.type));
  return std::optional<Value>(std::move(converted));
}

core::Result<std::optional<Value>> artifact_value(const Context& context, ir::Index step, const ir::Artifact& input) {
  if (!input.binding) return std::optional<Value>{};
  const auto& binding = *input.binding;
  if (binding.from == Binding::From::output) {
    const auto& made = produced(context, binding, "artifacts");
    if (!made.is_null()) return std::optional<Value>(made);
    if (input.optional) return std::optional<Value>{};
    return not_produced(context, binding);
  }
  const auto parent = context.graph.steps[step].parent;
  for (const auto& outer : context.graph.steps[parent].artifacts) {
    if (outer.name == binding.name) return artifact_value(context, parent, outer);
  }
  return std::optional<Value>{};
}

core::Result<Inputs> inputs_of(const Context& context, ir::Index step) {
  Inputs inputs;
  for (const auto& parameter : context.graph.steps[step].parameters) {
    TRY_ASSIGN(auto value, parameter_value(context, step, parameter));
    if (value) inputs.parameters.set(parameter.name, std::move(*value));
  }
  for (const auto& artifact : context.graph.steps[step].artifacts) {
    TRY_ASSIGN(auto value, artifact_value(context, step, artifact));
    if (value) inputs.artifacts.set(artifact.name, std::move(*value));
  }
  return inputs;
}

}  // namespace slipway::workflow::kfp
