// From PipelineSpec to the graph: components, DAGs and tasks. Executors are in lower_executor.cpp.

#include <algorithm>
#include <set>

#include "workflow/dialects/kfp/condition.hpp"
#include "workflow/dialects/kfp/kfp.hpp"
#include "workflow/dialects/kfp/lower_parts.hpp"

namespace slipway::workflow::kfp {
namespace {

using core::doc::Object;
using core::doc::Value;
using ir::Binding;
using ir::Index;

constexpr int max_depth = 30;
constexpr std::size_t max_steps = 100'000;

// Names become parts of paths and of Pod names.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

class Lowering {
 public:
  explicit Lowering(const Value& spec) : spec_(spec) {}

  core::Result<ir::Graph> run() {
    graph_.dialect = ir::DialectName::kfp;
    graph_.name = field(spec_, "pipelineInfo")["name"].string_or("pipeline");
    graph_.description = field(spec_, "pipelineInfo")["description"].string_or("");
    const auto& root = spec_["root"];
    if (!root["dag"].is_object()) {
      problems_.add(root.is_null() ? spec_ : root, Code::invalid_argument, "the pipeline's root has no dag");
      return fail(problems_.join());
    }
    ir::Step step;
    step.name = graph_.name;
    step.mark = root.mark();
    define(root, step);
    graph_.add(std::move(step), ir::nowhere);
    dag(ir::root, root, 0);
    if (problems_.empty()) {
      if (auto acyclic = ir::check_acyclic(graph_); !acyclic) return fail(std::move(acyclic).error());
    }
    if (!problems_.empty()) return fail(problems_.join());
    return std::move(graph_);
  }

 private:
  // The inputs and outputs that a component declares.
  void define(const Value& component, ir::Step& step) {
    read_definitions(field(component, "inputDefinitions"), step.parameters, step.artifacts, problems_);
    read_definitions(field(component, "outputDefinitions"), step.outputs.parameters, step.outputs.artifacts, problems_);
  }

  void dag(Index group, const Value& component, int depth) {
    const auto& tasks = component["dag"]["tasks"];
    if (depth > max_depth || graph_.steps.size() > max_steps) {
      problems_.add(component, Code::invalid_argument, "the pipeline is nested too deeply or has too many tasks");
      return;
    }
    if (!tasks.is_object() || tasks.size() == 0) {
      problems_.add(component, Code::invalid_argument, "this dag has no tasks");
      return;
    }
    // All names first: tasks stand in alphabetical order and refer to each other.
    std::vector<std::pair<Index, const Value*>> added;
    for (const auto& [id, task] : tasks.as_object()) {
      if (const auto index = declare(group, id, task); index != ir::nowhere) {
        added.emplace_back(index, &task);
      } else {
        refused_.emplace(group, id);
      }
    }
    for (const auto& [index, task] : added) connect(group, index, *task);
    group_outputs(group, component["dag"]["outputs"]);
    for (const auto& [index, task] : added) {
      const auto* part = component_of(*task);
      if (graph_.steps[index].is_group()) dag(index, *part, depth + 1);
    }
  }

  const Value* component_of(const Value& task) const {
    const auto& reference = field(task, "componentRef")["name"];
    const auto* found = reference.is_string() && spec_["components"].is_object()
                            ? spec_["components"].as_object().find(reference.as_string())
                            : nullptr;
    return found;
  }

  Index declare(Index group, const std::string& id, const Value& task) {
    if (!is_plain_name(id)) {
      problems_.add(task, Code::invalid_argument,
                    "the task name \"" + id + "\" has characters other than letters, digits, \"-\", \"_\" and \".\"");
      return ir::nowhere;
    }
    for (const auto loop : {"parameterIterator", "artifactIterator"}) {
      if (const auto& iterator = field(task, loop); !iterator.is_null()) {
        problems_.add(iterator, Code::unimplemented, "the loop \"" + id + "\" (" + loop + ") is not supported yet");
      }
    }
    const auto& reference = field(task, "componentRef");
    const auto* component = component_of(task);
    if (component == nullptr) {
      problems_.add(reference.is_null() ? task : reference, Code::invalid_argument,
                    "task \"" + id + "\" refers to the component \"" + reference["name"].string_or("") +
                        "\", which does not exist");
      return ir::nowhere;
    }
    ir::Step step;
    step.id = id;
    step.key = group == ir::root ? id : graph_.steps[group].key + "/" + id;
    step.name = field(task, "taskInfo")["name"].string_or(id);
    step.mark = task.mark();
    define(*component, step);
    step.cacheable =
        field(field(task, "cachingOptions"), "enableCache").bool_or(false) && !(*component)["dag"].is_object();
    read_retry(field(task, "retryPolicy"), step.retry, problems_);
    read_trigger(id, field(task, "triggerPolicy"), step);
    if (!(*component)["dag"].is_object()) {
      read_executor(spec_, *component, step, problems_);
      if (!step.leaf) return ir::nowhere;
    }
    return graph_.add(std::move(step), group);
  }

  void read_trigger(const std::string& id, const Value& policy, ir::Step& step) {
    const auto& strategy = policy["strategy"];
    if (strategy.string_or("").find("ALL_UPSTREAM_TASKS_COMPLETED") != std::string::npos) {
      problems_.add(strategy, Code::unimplemented,
                    "the exit handler \"" + id + "\" (ALL_UPSTREAM_TASKS_COMPLETED) is not supported yet");
    }
    const auto& condition = policy["condition"];
    if (!condition.is_string() || condition.as_string().empty()) return;
    step.condition_text = condition.as_string();
    auto parsed = parse_condition(step.condition_text, condition.mark());
    if (parsed) {
      step.condition = std::move(*parsed);
    } else {
      problems_.add(std::move(parsed).error());
    }
  }

  void connect(Index group, Index index, const Value& task) {
    for (const auto& needed : array_of(field(task, "dependentTasks"))) {
      const auto found = find_task(group, needed.string_or(""), needed);
      if (found != ir::nowhere) graph_.require(index, found);
    }
    const auto& inputs = task["inputs"];
    for (const auto& [name, source] : object_of(inputs["parameters"])) bind_parameter(group, index, name, source);
    for (const auto& [name, source] : object_of(inputs["artifacts"])) bind_artifact(group, index, name, source);
    const auto& step = graph_.steps[index];
    const bool is_loop =
        !field(task, "parameterIterator").is_null() || !field(task, "artifactIterator").is_null();  // gives some itself
    for (const auto& input : step.parameters) {
      if (!input.binding && !input.optional && !input.fallback && !is_loop) {
        problems_.add(task, Code::invalid_argument,
                      "task \"" + step.id + "\" does not give the input \"" + input.name + "\"");
      }
      check_constant(step, input, inputs["parameters"]);
    }
    for (const auto& input : step.artifacts) {
      if (!input.binding && !input.optional && !is_loop) {
        problems_.add(task, Code::invalid_argument,
                      "task \"" + step.id + "\" does not give the artifact \"" + input.name + "\"");
      }
    }
  }

  // A task of this dag. One that was refused has its problem already: nothing more is said about it.
  Index find_task(Index group, const std::string& id, const Value& where) {
    const auto found = graph_.find_child(group, id);
    if (found == ir::nowhere && !refused_.contains({group, id})) {
      problems_.add(where, Code::invalid_argument, "there is no task \"" + id + "\" here");
    }
    return found;
  }

  // A constant may name other inputs of its task, but not other such constants: that could go in circles.
  void check_constant(const ir::Step& step, const ir::Parameter& input, const Value& sources) {
    if (!is_template(input)) return;
    const auto& mark = sources[input.name];
    each_placeholder(
        input.binding->constant.as_string(),
        [&](const Placeholder& placeholder, std::size_t, std::size_t) {
          if (placeholder.what != Placeholder::What::input_parameter) return;
          const auto other = std::ranges::find(step.parameters, placeholder.name, &ir::Parameter::name);
          if (other == step.parameters.end() || is_template(*other)) {
            problems_.add(mark, Code::invalid_argument,
                          "the constant of \"" + input.name + "\" names \"" + placeholder.name +
                              "\", which is not an input with a value of its own");
          }
        },
        [&](Error problem, std::size_t, std::size_t) { problems_.add(std::move(problem).at(mark.mark())); });
  }

  static bool is_template(const ir::Parameter& input) {
    return input.binding && input.binding->from == Binding::From::constant && input.binding->constant.is_string() &&
           input.binding->constant.as_string().find("{{$") != std::string::npos;
  }

  void bind_parameter(Index group, Index index, const std::string& name, const Value& source) {
    auto& step = graph_.steps[index];
    auto input = std::ranges::find(step.parameters, name, &ir::Parameter::name);
    const bool declared = input != step.parameters.end();
    if (!declared) {
      step.parameters.push_back({.name = name});
      input = step.parameters.end() - 1;
    }
    for (const auto& [kind, content] : object_of(source)) {
      if (kind == "taskFinalStatus" || kind == "task_final_status") {
        problems_.add(source, Code::unimplemented,
                      "the input \"" + name + "\" takes a task's final status, which is not supported yet");
        input->optional = true;
        return;
      }
      if (kind == "parameterExpressionSelector" || kind == "parameter_expression_selector") {
        problems_.add(content, Code::unimplemented,
                      "the input \"" + name +
                          "\" selects a part of a value (parameterExpressionSelector), which is not supported yet");
      }
    }
    Binding binding;
    if (const auto& runtime = field(source, "runtimeValue"); !runtime.is_null()) {
      binding.constant = field(runtime, "constant");
      if (binding.constant.is_null() && !field(runtime, "runtimeParameter").is_null()) {
        problems_.add(runtime, Code::unimplemented, "runtimeParameter is not supported; compile with a current SDK");
      }
      if (!declared) input->type = natural_type(binding.constant);
    } else if (const auto& outer = field(source, "componentInputParameter"); outer.is_string()) {
      binding.from = Binding::From::input;
      binding.name = outer.as_string();
      const auto& given = graph_.steps[group].parameters;
      const auto found = std::ranges::find(given, binding.name, &ir::Parameter::name);
      if (found == given.end()) {
        problems_.add(outer, Code::invalid_argument, "the enclosing pipeline has no input \"" + binding.name + "\"");
      } else if (!declared) {
        input->type = found->type;
      }
    } else if (const auto& output = field(source, "taskOutputParameter"); !output.is_null()) {
      const auto producer = bind_output(group, index, output, "outputParameterKey", binding);
      if (producer == ir::nowhere) {
        input->optional = true;  // its problem is told
        return;
      }
      const auto& made = graph_.steps[producer].outputs.parameters;
      const auto found = std::ranges::find(made, binding.name, &ir::Parameter::name);
      if (found == made.end()) {
        problems_.add(output, Code::invalid_argument,
                      "task \"" + graph_.steps[producer].id + "\" has no output parameter \"" + binding.name + "\"");
      } else if (!declared) {
        graph_.steps[index].parameters.back().type = found->type;
      }
    } else {
      problems_.add(source, Code::unimplemented, "the input \"" + name + "\" comes from a source of an unknown kind");
    }
    const auto again = std::ranges::find(graph_.steps[index].parameters, name, &ir::Parameter::name);
    again->binding = std::move(binding);
  }

  // The producer of a task output, which becomes something the task needs.
  Index bind_output(Index group, Index index, const Value& output, std::string_view key, Binding& binding) {
    const auto task = field(output, "producerTask").string_or("");
    const auto producer = find_task(group, task, output);
    if (producer == ir::nowhere) return producer;
    graph_.require(index, producer);
    binding.from = Binding::From::output;
    binding.step = producer;
    binding.name = field(output, key).string_or("");
    return producer;
  }

  void bind_artifact(Index group, Index index, const std::string& name, const Value& source) {
    auto& inputs = graph_.steps[index].artifacts;
    auto input = std::ranges::find(inputs, name, &ir::Artifact::name);
    if (input == inputs.end()) {
      inputs.push_back({.name = name});
      input = inputs.end() - 1;
    }
    Binding binding;
    if (const auto& outer = field(source, "componentInputArtifact"); outer.is_string()) {
      binding.from = Binding::From::input;
      binding.name = outer.as_string();
      const auto& given = graph_.steps[group].artifacts;
      if (std::ranges::find(given, binding.name, &ir::Artifact::name) == given.end()) {
        problems_.add(outer, Code::invalid_argument, "the enclosing pipeline has no artifact \"" + binding.name + "\"");
      }
    } else if (const auto& output = field(source, "taskOutputArtifact"); !output.is_null()) {
      const auto producer = bind_output(group, index, output, "outputArtifactKey", binding);
      if (producer == ir::nowhere) {
        input->optional = true;  // its problem is told
        return;
      }
      const auto& made = graph_.steps[producer].outputs.artifacts;
      if (std::ranges::find(made, binding.name, &ir::Artifact::name) == made.end()) {
        problems_.add(output, Code::invalid_argument,
                      "task \"" + graph_.steps[producer].id + "\" has no output artifact \"" + binding.name + "\"");
      }
    } else {
      problems_.add(source, Code::unimplemented,
                    "the artifact \"" + name + "\" comes from a source of an unknown kind");
    }
    input->binding = std::move(binding);
  }

  void group_outputs(Index group, const Value& outputs) {
    auto& step = graph_.steps[group];
    for (const auto& [name, source] : object_of(outputs["parameters"])) {
      const auto& from = field(source, "valueFromParameter");
      if (from.is_null()) {
        problems_.add(
            source, Code::unimplemented,
            "the output \"" + name + "\" chooses one of several tasks (valueFromOneof), which is not supported yet");
        continue;
      }
      auto output = std::ranges::find(step.outputs.parameters, name, &ir::Parameter::name);
      if (output == step.outputs.parameters.end()) output = step.outputs.parameters.insert(output, {.name = name});
      output->binding = child_output(group, from, field(from, "outputParameterKey").string_or(name),
                                     field(from, "producerSubtask").string_or(""));
    }
    for (const auto& [name, source] : object_of(outputs["artifacts"])) {
      const auto& selectors = field(source, "artifactSelectors");
      if (selectors.size() != 1) {
        problems_.add(
            source, Code::unimplemented,
            "the output \"" + name + "\" chooses one of several tasks (artifactSelectors), which is not supported yet");
        continue;
      }
      const auto& from = selectors[0];
      auto output = std::ranges::find(step.outputs.artifacts, name, &ir::Artifact::name);
      if (output == step.outputs.artifacts.end()) output = step.outputs.artifacts.insert(output, {.name = name});
      output->binding = child_output(group, from, field(from, "outputArtifactKey").string_or(name),
                                     field(from, "producerSubtask").string_or(""));
    }
  }

  std::optional<Binding> child_output(Index group, const Value& source, const std::string& name,
                                      const std::string& task) {
    Binding binding{.from = Binding::From::output, .step = find_task(group, task, source), .name = name};
    return binding.step == ir::nowhere ? std::nullopt : std::optional(binding);
  }

  const Value& spec_;
  ir::Graph graph_;
  std::set<std::pair<Index, std::string>> refused_;  // tasks by their dag
  Problems problems_;
};

// What the second document configures, by name; empty when nothing.
std::string platform_feature(const Value& platform) {
  for (const auto& [name, config] : object_of(platform["platforms"])) {
    for (const auto& [executor, content] : object_of(field(config, "deploymentSpec")["executors"])) {
      if (content.size() != 0)
        return name + " configuration of " + executor + " (" + content.as_object().begin()->first + ")";
    }
    if (field(config, "pipelineConfig").size() != 0) return name + " pipelineConfig";
  }
  return "";
}

}  // namespace

bool is_pipeline(const Value& document) {
  return !field(document, "pipelineInfo").is_null() || !field(document, "deploymentSpec").is_null();
}

core::Result<ir::Graph> lower(const std::vector<Value>& documents) {
  if (documents.empty() || !is_pipeline(documents[0])) {
    return fail(Code::invalid_argument, "this is not a compiled pipeline: it has no pipelineInfo",
                "compile it: kfp.compiler.Compiler().compile(pipeline, \"pipeline.yaml\")");
  }
  if (documents.size() > 1) {
    const auto feature = platform_feature(documents[1]);
    if (!feature.empty())
      return fail(Error(Code::unimplemented, "the platform specification's " + feature + " is not supported yet")
                      .at(documents[1].mark()));
  }
  return Lowering(documents[0]).run();
}

}  // namespace slipway::workflow::kfp
