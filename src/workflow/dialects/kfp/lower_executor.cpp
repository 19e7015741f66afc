#include <algorithm>

#include "expr/position.hpp"
#include "workflow/dialects/kfp/lightweight.hpp"
#include "workflow/dialects/kfp/lower_parts.hpp"

namespace slipway::workflow::kfp {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;
using ir::ValueType;

std::optional<ValueType> type_from(std::string_view name) {
  if (name == "STRING") return ValueType::text;
  if (name == "NUMBER_INTEGER" || name == "INT") return ValueType::integer;
  if (name == "NUMBER_DOUBLE" || name == "DOUBLE") return ValueType::number;
  if (name == "BOOLEAN") return ValueType::boolean;
  if (name == "LIST") return ValueType::list;
  if (name == "STRUCT") return ValueType::structure;
  return std::nullopt;
}

// A placeholder that names nothing is found before anything runs.
void check_placeholders(const ir::Text& text, const ir::Step& step, Problems& problems) {
  using What = Placeholder::What;
  const auto has = [](const auto& list, const std::string& name) {
    return std::ranges::any_of(list, [&](const auto& item) { return item.name == name; });
  };
  each_placeholder(
      text.text,
      [&](const Placeholder& placeholder, std::size_t offset, std::size_t length) {
        const auto& name = placeholder.name;
        std::string missing;
        if (placeholder.what == What::input_parameter && !has(step.parameters, name)) missing = "input parameter";
        if (placeholder.what == What::input_uri && !has(step.artifacts, name)) missing = "input artifact";
        if (placeholder.what == What::output_uri && !has(step.outputs.artifacts, name)) missing = "output artifact";
        if (placeholder.what == What::output_parameter && !has(step.outputs.parameters, name))
          missing = "output parameter";
        if (missing.empty()) return;
        problems.add(Error(Code::invalid_argument, "the component has no " + missing + " \"" + name + "\"")
                         .at(expr::mark_within(text.mark, text.text, offset, length)));
      },
      [&](Error problem, std::size_t offset, std::size_t length) {
        problems.add(std::move(problem).at(expr::mark_within(text.mark, text.text, offset, length)));
      });
}

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> texts;
  for (const auto& item : array_of(list)) texts.push_back(item.string_or(""));
  return texts;
}

void read_container(const Value& container, ir::Step& step, Problems& problems) {
  ir::Leaf leaf;
  leaf.image = container["image"].string_or("");
  leaf.resources = container["resources"];
  for (const auto& variable : array_of(container["env"])) {
    step.environment.emplace_back(variable["name"].string_or(""),
                                  ir::Text{variable["value"].string_or(""), variable["value"].mark()});
  }
  for (const auto& [name, text] : step.environment) check_placeholders(text, step, problems);
  if (auto component = recognise(texts_of(container["command"]), texts_of(container["args"]))) {
    leaf.runs = ir::Leaf::Runs::python_component;
    leaf.script = {std::move(component->source), container["command"].mark()};
    leaf.function = std::move(component->function);
    leaf.packages = std::move(component->packages);
    step.leaf = std::move(leaf);
    return;
  }
  if (container["command"].size() == 0) {
    problems.add(container, Code::unimplemented,
                 "the image \"" + leaf.image + "\" runs by its own entry point, which this machine does not know",
                 "give the component a command");
    return;
  }
  for (const auto* list : {&container["command"], &container["args"]}) {
    for (const auto& word : array_of(*list)) {
      leaf.command.push_back({word.string_or(""), word.mark()});
      check_placeholders(leaf.command.back(), step, problems);
    }
  }
  step.leaf = std::move(leaf);
}

}  // namespace

const Object& object_of(const Value& value) {
  static const Object none;
  return value.is_object() ? value.as_object() : none;
}

const Array& array_of(const Value& value) {
  static const Array none;
  return value.is_array() ? value.as_array() : none;
}

ValueType natural_type(const Value& value) {
  if (value.is_bool()) return ValueType::boolean;
  if (value.is_number()) return ValueType::number;
  if (value.is_array()) return ValueType::list;
  if (value.is_object()) return ValueType::structure;
  return ValueType::text;
}

void read_definitions(const Value& definitions, std::vector<ir::Parameter>& parameters,
                      std::vector<ir::Artifact>& artifacts, Problems& problems) {
  for (const auto& [name, definition] : object_of(definitions["parameters"])) {
    ir::Parameter parameter{.name = name};
    auto type = field(definition, "parameterType").string_or("");
    if (type.empty()) type = definition["type"].string_or("STRING");
    if (const auto known = type_from(type)) {
      parameter.type = *known;
    } else {
      problems.add(definition, Code::unimplemented,
                   "the type " + type + " of the parameter \"" + name + "\" is not supported yet");
    }
    parameter.optional = field(definition, "isOptional").bool_or(false);
    if (const auto& fallback = field(definition, "defaultValue"); !fallback.is_null()) parameter.fallback = fallback;
    parameters.push_back(std::move(parameter));
  }
  for (const auto& [name, definition] : object_of(definitions["artifacts"])) {
    ir::Artifact artifact{.name = name};
    const auto& type = field(definition, "artifactType");
    artifact.schema_title = field(type, "schemaTitle").string_or("system.Artifact");
    artifact.schema_version = field(type, "schemaVersion").string_or("");
    artifact.optional = field(definition, "isOptional").bool_or(false);
    if (field(definition, "isArtifactList").bool_or(false)) {
      problems.add(definition, Code::unimplemented, "the artifact list \"" + name + "\" is not supported yet");
    }
    artifacts.push_back(std::move(artifact));
  }
}

void read_retry(const Value& policy, ir::Retry& retry, Problems& problems) {
  if (policy.is_null()) return;
  retry.limit = static_cast<int>(std::clamp<std::int64_t>(field(policy, "maxRetryCount").int_or(0), 0, 1000));
  retry.factor = std::clamp(field(policy, "backoffFactor").double_or(2), 1.0, 100.0);
  const auto read = [&](std::string_view name, core::Duration& into) {
    const auto& text = field(policy, name);
    if (text.is_null()) return;
    auto duration = core::parse_duration(text.string_or(""));
    if (duration) {
      into = *duration;
    } else {
      problems.add(std::move(std::move(duration).error()).at(text.mark()));
    }
  };
  read("backoffDuration", retry.backoff);
  read("backoffMaxDuration", retry.longest);
}

void read_executor(const Value& spec, const Value& component, ir::Step& step, Problems& problems) {
  const auto label = field(component, "executorLabel").string_or("");
  const auto& executors = object_of(field(spec, "deploymentSpec")["executors"]);
  const auto* executor = executors.find(label);
  if (executor == nullptr) {
    problems.add(component, Code::invalid_argument, "the executor \"" + label + "\" does not exist");
    return;
  }
  if (const auto& container = (*executor)["container"]; container.is_object()) {
    read_container(container, step, problems);
    return;
  }
  const auto kind = executor->size() == 0 ? std::string("empty") : executor->as_object().begin()->first;
  problems.add(*executor, Code::unimplemented,
               "the executor \"" + label + "\" of the kind \"" + kind + "\" is not supported yet");
}

}  // namespace slipway::workflow::kfp
