// How the steps of a pipeline run on this machine: inputs to files and commands, files to outputs.

#include "workflow/dialects/kfp/kfp.hpp"

#include <algorithm>

#include "workflow/dialects/kfp/condition.hpp"
#include "workflow/dialects/kfp/fields.hpp"
#include "workflow/dialects/kfp/placeholders.hpp"
#include "workflow/dialects/kfp/values.hpp"

namespace slipway::workflow::kfp {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;
using ir::Index;

// Where one attempt keeps what it is given and what it makes.
struct Paths {
  std::string base;
  std::string executor_input() const { return base + "/executor_input.json"; }
  std::string executor_output() const { return base + "/executor_output.json"; }
  std::string component() const { return base + "/component.py"; }
  std::string work() const { return base + "/work"; }
  std::string artifact(const std::string& name) const { return base + "/artifacts/" + name; }
  std::string parameter(const std::string& name) const { return base + "/parameters/" + name; }
};

Paths paths_of(const Context& context, Index index) {
  return {context.facts.attempt_directory(context.graph.steps[index].key, context.state.steps[index].attempt)};
}

Value runtime_artifact(const std::string& name, const Value& artifact) {
  return Object{{"name", name},
                {"type", Object{{"schemaTitle", artifact["type"]}}},
                {"uri", artifact["uri"]},
                {"metadata", artifact["metadata"].is_object() ? artifact["metadata"] : Value(Object{})}};
}

Value listed(Value artifact) { return Object{{"artifacts", Array{std::move(artifact)}}}; }

// The ExecutorInput message that components read.
Value executor_input(const ir::Step& step, const Inputs& inputs, const Paths& paths) {
  Object artifacts;
  for (const auto& [name, artifact] : inputs.artifacts) artifacts.set(name, listed(runtime_artifact(name, artifact)));
  Object parameters_out;
  for (const auto& output : step.outputs.parameters)
    parameters_out.set(output.name, Object{{"outputFile", paths.parameter(output.name)}});
  Object artifacts_out;
  for (const auto& output : step.outputs.artifacts) {
    artifacts_out.set(output.name, listed(runtime_artifact(output.name, Object{{"type", output.schema_title},
                                                                               {"uri", paths.artifact(output.name)}})));
  }
  return Object{{"inputs", Object{{"parameterValues", inputs.parameters}, {"artifacts", std::move(artifacts)}}},
                {"outputs", Object{{"parameters", std::move(parameters_out)},
                                   {"artifacts", std::move(artifacts_out)},
                                   {"outputFile", paths.executor_output()}}}};
}

class PlaceholderValues {
 public:
  PlaceholderValues(const Context& context, Index index, const Inputs& inputs, const Paths& paths,
                    const std::string& input_json)
      : context_(context), step_(context.graph.steps[index]), inputs_(inputs), paths_(paths), input_json_(input_json) {}

  core::Result<std::optional<std::string>> operator()(const Placeholder& placeholder) const {
    using What = Placeholder::What;
    switch (placeholder.what) {
      case What::executor_input:
        return input_json_;
      case What::input_parameter: {
        const auto* value = inputs_.parameters.find(placeholder.name);
        return value == nullptr ? std::nullopt : std::optional(text_of(*value));
      }
      case What::input_uri: {
        const auto* artifact = inputs_.artifacts.find(placeholder.name);
        return artifact == nullptr ? std::nullopt : std::optional((*artifact)["uri"].string_or(""));
      }
      case What::output_uri:
        return paths_.artifact(placeholder.name);
      case What::output_parameter:
        return paths_.parameter(placeholder.name);
      case What::output_file:
        return paths_.executor_output();
      case What::job_name:
      case What::job_id:
        return context_.facts.id;
      case What::task_name:
        return step_.name;
      case What::task_id:
        return context_.facts.id + "/" + step_.key;
      case What::pipeline_root:
      case What::workspace_path:
        return context_.facts.directory;
      case What::create_time:
      case What::schedule_time:
        return core::render_rfc3339(context_.facts.created);
    }
    return std::nullopt;
  }

 private:
  const Context& context_;
  const ir::Step& step_;
  const Inputs& inputs_;
  const Paths& paths_;
  const std::string& input_json_;
};

// What the program wrote of one output parameter: in executor_output.json, or in its own file.
core::Result<Value> output_parameter(const ir::Parameter& output, const Value& written, const Paths& paths,
                                     const core::Files& files) {
  const auto refuse = [&](Error cause) {
    return fail(Error(Code::failed_precondition,
                      "the output parameter \"" + output.name + "\" is not a " + std::string(ir::name_of(output.type)))
                    .because(std::move(cause)));
  };
  Value value = written["parameterValues"][output.name];
  if (value.is_null()) {
    auto text = files.read(paths.parameter(output.name));
    if (!text)
      return fail(Code::failed_precondition,
                  "the program ended well but did not make its output parameter \"" + output.name + "\"");
    value = Value(std::move(*text));
    if (output.type != ir::ValueType::text && value.as_string().ends_with('\n')) {
      value = Value(value.as_string().substr(0, value.as_string().find_last_not_of("\r\n") + 1));
    }
  }
  auto converted = convert(value, output.type);
  if (!converted) return refuse(std::move(converted).error());
  return converted;
}

class KfpDialect : public Dialect {
 public:
  core::Result<Object> bind_parameters(const ir::Graph& graph, const Object& given) const override {
    std::vector<Error> problems;
    const auto& inputs = graph.steps[ir::root].parameters;
    Object bound;
    for (const auto& [name, value] : given) {
      const auto input = std::ranges::find(inputs, name, &ir::Parameter::name);
      if (input == inputs.end()) {
        std::vector<std::string> known;
        for (const auto& each : inputs) known.push_back(each.name);
        const auto near = core::nearest(name, known);
        problems.emplace_back(Code::invalid_argument, "the pipeline has no parameter \"" + name + "\"",
                              near.empty() ? "" : "did you mean \"" + near + "\"?");
        continue;
      }
      auto converted = convert(value, input->type);
      if (converted) {
        bound.set(name, std::move(*converted));
      } else {
        problems.push_back(Error(Code::invalid_argument, "the parameter \"" + name + "\" does not fit")
                               .because(std::move(converted).error()));
      }
    }
    for (const auto& input : inputs) {
      if (bound.contains(input.name)) continue;
      if (input.fallback) {
        auto converted = convert(*input.fallback, input.type);
        if (converted)
          bound.set(input.name, std::move(*converted));
        else
          problems.push_back(std::move(converted).error());
      } else if (!input.optional) {
        problems.emplace_back(Code::invalid_argument, "the pipeline needs the parameter \"" + input.name + "\" (" +
                                                          std::string(ir::name_of(input.type)) + ")");
      }
    }
    if (!problems.empty()) return fail(core::join(std::move(problems)));
    return bound;
  }

  core::Result<bool> condition(const Context& context, Index index) const override {
    const auto& step = context.graph.steps[index];
    const auto* wanted = std::get_if<expr::cel::Program>(&step.condition);
    if (wanted == nullptr) return true;
    TRY_ASSIGN(const auto inputs, inputs_of(context, index));
    return holds(*wanted, inputs.parameters);
  }

  core::Result<Launch> launch(const Context& context, Index index) const override {
    const auto& step = context.graph.steps[index];
    const auto& leaf = *step.leaf;
    const auto paths = paths_of(context, index);
    TRY_ASSIGN(const auto inputs, inputs_of(context, index));
    const auto input_json = core::doc::render_json(executor_input(step, inputs, paths));
    const PlaceholderValues lookup(context, index, inputs, paths, input_json);

    Launch launch;
    launch.directory = paths.work();
    launch.directories = {paths.work(), paths.base + "/artifacts", paths.base + "/parameters"};
    launch.files.push_back({paths.executor_input(), input_json});
    if (leaf.runs == ir::Leaf::Runs::python_component) {
      launch.files.push_back({paths.component(), leaf.script.text});
      launch.command = {context.facts.python,      context.facts.runtime_directory + "/kfp_executor.py",
                        "--component_module_path", paths.component(),
                        "--function_to_execute",   leaf.function,
                        "--executor_input_file",   paths.executor_input()};
      for (const auto& package : leaf.packages) {
        launch.command.push_back("--package");
        launch.command.push_back(package);
      }
    } else {
      for (const auto& word : leaf.command) {
        TRY_ASSIGN(auto words, resolve_word(word.text, lookup));
        launch.command.insert(launch.command.end(), words.begin(), words.end());
      }
    }
    launch.environment = context.facts.environment;
    for (const auto& [name, text] : step.environment) {
      TRY_ASSIGN(auto value, resolve(text.text, lookup));
      launch.environment.emplace_back(name, std::move(value));
    }
    launch.environment.emplace_back("SLIPWAY_RUN", context.facts.id);
    launch.environment.emplace_back("SLIPWAY_STEP", step.key);
    launch.environment.emplace_back("SLIPWAY_ATTEMPT", std::to_string(context.state.steps[index].attempt));
    return launch;
  }

  core::Result<std::string> checkout_directory(const Context&, Index) const override {
    return fail(Code::internal, "a pipeline has no checkout steps");
  }

  core::Result<Value> collect(const Context& context, Index index, const StepExit& exit,
                              const core::Files& files) const override {
    if (exit.code != 0) return Value();
    const auto& step = context.graph.steps[index];
    const auto paths = paths_of(context, index);
    Value written;
    if (files.exists(paths.executor_output())) {
      TRY_ASSIGN(const auto text, files.read(paths.executor_output()));
      TRY_ASSIGN(written, core::doc::parse_json(text, paths.executor_output()));
    }
    Object parameters;
    std::vector<Error> problems;
    for (const auto& output : step.outputs.parameters) {
      auto value = output_parameter(output, written, paths, files);
      if (value)
        parameters.set(output.name, std::move(*value));
      else
        problems.push_back(std::move(value).error());
    }
    if (!problems.empty()) return fail(core::join(std::move(problems)));
    Object artifacts;
    for (const auto& output : step.outputs.artifacts) {
      const auto& made = written["artifacts"][output.name]["artifacts"][std::size_t{0}];
      auto uri = made["custom_path"].string_or("");
      if (uri.empty()) uri = made["uri"].string_or(paths.artifact(output.name));
      artifacts.set(output.name,
                    Object{{"type", output.schema_title},
                           {"uri", std::move(uri)},
                           {"metadata", made["metadata"].is_object() ? made["metadata"] : Value(Object{})}});
    }
    return Value(Object{{"parameters", std::move(parameters)}, {"artifacts", std::move(artifacts)}});
  }

  core::Result<Value> close(const Context& context, Index group) const override {
    const auto& outputs = context.graph.steps[group].outputs;
    Object parameters;
    Object artifacts;
    for (const auto& output : outputs.parameters) {
      if (!output.binding) continue;
      const auto& value = context.state.steps[output.binding->step].outputs["parameters"][output.binding->name];
      if (!value.is_null()) parameters.set(output.name, value);
    }
    for (const auto& output : outputs.artifacts) {
      if (!output.binding) continue;
      const auto& value = context.state.steps[output.binding->step].outputs["artifacts"][output.binding->name];
      if (!value.is_null()) artifacts.set(output.name, value);
    }
    return Value(Object{{"parameters", std::move(parameters)}, {"artifacts", std::move(artifacts)}});
  }

  Value cache_key(const Context& context, Index index) const override {
    const auto& step = context.graph.steps[index];
    if (!step.cacheable || !step.leaf) return Value();
    const auto inputs = inputs_of(context, index);
    if (!inputs) return Value();
    Array command;
    for (const auto& word : step.leaf->command) command.push_back(word.text);
    Object environment;
    for (const auto& [name, text] : step.environment) environment.set(name, text.text);
    Object artifacts;
    for (const auto& [name, artifact] : inputs->artifacts) {
      artifacts.set(name, Object{{"digest", artifact["digest"]}, {"metadata", artifact["metadata"]}});
    }
    Object outputs;
    for (const auto& output : step.outputs.parameters) outputs.set(output.name, ir::name_of(output.type));
    for (const auto& output : step.outputs.artifacts) outputs.set(output.name, output.schema_title);
    return Object{{"version", 1},
                  {"dialect", "kfp"},
                  {"image", step.leaf->image},
                  {"command", std::move(command)},
                  {"source", step.leaf->script.text},
                  {"function", step.leaf->function},
                  {"environment", std::move(environment)},
                  {"python", context.facts.python},
                  {"parameters", inputs->parameters},
                  {"artifacts", std::move(artifacts)},
                  {"outputs", std::move(outputs)}};
  }
};

}  // namespace

const Dialect& dialect() {
  static const KfpDialect dialect;
  return dialect;
}

}  // namespace slipway::workflow::kfp
