// How the steps of a workflow file run on this machine.

#include "workflow/dialects/actions/actions.hpp"

#include <algorithm>

#include "expr/number.hpp"
#include "workflow/dialects/actions/command_files.hpp"
#include "workflow/dialects/actions/contexts.hpp"

namespace slipway::workflow::actions {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;
using ir::Index;

std::string attempt_directory(const Context& context, Index index) {
  return context.facts.attempt_directory(context.graph.steps[index].key, context.state.steps[index].attempt);
}

// GitHub's command lines for its shells; a shell of one's own has {0} where the script goes.
std::vector<std::string> shell_command(const std::string& shell, const std::string& script, const std::string& python) {
  if (shell.empty()) return {"bash", "-e", script};
  if (shell == "bash") return {"bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script};
  if (shell == "sh") return {"sh", "-e", script};
  if (shell == "python") return {python, script};
  std::vector<std::string> words;
  for (std::size_t at = 0; at < shell.size();) {
    const auto begin = shell.find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    const auto end = std::min(shell.find(' ', begin), shell.size());
    auto word = shell.substr(begin, end - begin);
    if (const auto place = word.find("{0}"); place != std::string::npos) word.replace(place, 3, script);
    words.push_back(std::move(word));
    at = end;
  }
  return words;
}

// A path inside the workspace, or an absolute one as it is.
std::string below(const std::string& workspace, const std::string& directory) {
  if (directory.empty() || directory == ".") return workspace;
  return directory.front() == '/' ? directory : workspace + "/" + directory;
}

core::Result<Value> input_value(const ir::Parameter& input, const Value& given) {
  const auto refuse = [&](std::string wanted) {
    return fail(Code::invalid_argument, "the input \"" + input.name + "\" must be " + std::move(wanted) + ", not " +
                                            core::doc::render_json(given));
  };
  const auto text = expr::github::to_text(given);
  if (!input.choices.empty() && std::ranges::find(input.choices, text) == input.choices.end()) {
    std::string list;
    for (const auto& choice : input.choices) list += (list.empty() ? "" : ", ") + choice;
    return refuse("one of " + list);
  }
  if (input.type == ir::ValueType::boolean) {
    if (text != "true" && text != "false") return refuse("true or false");
    return Value(text == "true");
  }
  if (input.type == ir::ValueType::number) {
    const auto number = expr::parse_number(text);
    if (!number) return refuse("a number");
    return expr::number_value(*number);
  }
  return Value(text);
}

class ActionsDialect : public Dialect {
 public:
  core::Result<Object> bind_parameters(const ir::Graph& graph, const Object& given) const override {
    const auto& inputs = graph.steps[ir::root].parameters;
    std::vector<Error> problems;
    Object bound;
    for (const auto& [name, value] : given) {
      if (std::ranges::find(inputs, name, &ir::Parameter::name) == inputs.end()) {
        problems.emplace_back(Code::invalid_argument, "the workflow has no input \"" + name + "\"");
      }
    }
    for (const auto& input : inputs) {
      const auto* value = given.find(input.name);
      if (value == nullptr && input.fallback) value = &*input.fallback;
      if (value == nullptr) {
        if (!input.optional && !given.empty())
          problems.emplace_back(Code::invalid_argument, "the workflow needs the input \"" + input.name + "\"");
        continue;
      }
      auto converted = input_value(input, *value);
      if (converted)
        bound.set(input.name, std::move(*converted));
      else
        problems.push_back(std::move(converted).error());
    }
    if (!problems.empty()) return fail(core::join(std::move(problems)));
    return bound;
  }

  core::Result<bool> condition(const Context& context, Index index) const override {
    const auto& step = context.graph.steps[index];
    const auto* wanted = std::get_if<expr::Node>(&step.condition);
    if (wanted == nullptr) return true;
    TRY_ASSIGN(const auto environment, environment_of(context, index, true));
    const auto contexts = contexts_of(context, index, environment);
    return expr::github::evaluate_condition(*wanted, {&contexts, status_of(context, index)});
  }

  core::Result<Launch> launch(const Context& context, Index index) const override {
    const auto& leaf = *context.graph.steps[index].leaf;
    const auto& job = context.graph.steps[job_of(context.graph, index)].id;
    const auto base = attempt_directory(context, index);
    TRY_ASSIGN(auto environment, environment_of(context, index, true));
    const auto contexts = contexts_of(context, index, environment);
    TRY_ASSIGN(auto script, evaluated(leaf.script, contexts));
    TRY_ASSIGN(const auto directory, evaluated(leaf.directory, contexts));

    Launch launch;
    const auto workspace = workspace_of(context.facts, job);
    launch.directories = {base, workspace, temp_of(context.facts, job)};
    launch.directory = below(workspace, directory);
    const auto script_path = base + (leaf.shell == "python" ? "/script.py" : "/script.sh");
    launch.files = {
        {script_path, std::move(script)},
        {base + "/output", ""},
        {base + "/env", ""},
        {base + "/path", ""},
        {base + "/summary", ""},
        {base + "/state", ""},
        {base + "/event.json", core::doc::render_json_pretty(contexts.find("github")->operator[]("event"))}};
    launch.command = shell_command(leaf.shell, script_path, context.facts.python);
    complete(context, index, *contexts.find("github"), base, environment);
    launch.environment.assign(environment.begin(), environment.end());
    return launch;
  }

  core::Result<std::string> checkout_directory(const Context& context, Index index) const override {
    const auto& job = context.graph.steps[job_of(context.graph, index)].id;
    TRY_ASSIGN(const auto environment, environment_of(context, index, true));
    TRY_ASSIGN(const auto path,
               evaluated(context.graph.steps[index].leaf->directory, contexts_of(context, index, environment)));
    if (path.starts_with('/') || path.find("..") != std::string::npos) {
      return fail(Code::invalid_argument, "the path \"" + path + "\" of a checkout must be inside the workspace");
    }
    return below(workspace_of(context.facts, job), path);
  }

  core::Result<Value> collect(const Context& context, Index index, const StepExit&,
                              const core::Files& files) const override {
    if (context.graph.steps[index].leaf->runs == ir::Leaf::Runs::checkout) return Value();
    const auto base = attempt_directory(context, index);
    const auto read = [&](const char* name) { return files.read(base + "/" + name).value_or(""); };
    TRY_ASSIGN(const auto outputs, parse_assignments(read("output"), "GITHUB_OUTPUT"));
    TRY_ASSIGN(const auto environment, parse_assignments(read("env"), "GITHUB_ENV"));
    Object parameters;
    for (const auto& [name, value] : outputs) parameters.set(name, value);
    Object variables;
    for (const auto& [name, value] : environment) {
      if (name == "NODE_OPTIONS")
        return fail(Code::failed_precondition,
                    "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
      variables.set(name, value);
    }
    Array paths;
    for (const auto& path : parse_lines(read("path"))) paths.emplace_back(path);
    Object result{{"parameters", std::move(parameters)}};
    if (!variables.empty()) result.set("environment", std::move(variables));
    if (!paths.empty()) result.set("path", std::move(paths));
    if (auto summary = read("summary"); !summary.empty()) result.set("summary", summary.substr(0, 64 * 1024));
    return Value(std::move(result));
  }

  core::Result<Value> close(const Context& context, Index group) const override {
    const auto& step = context.graph.steps[group];
    if (step.outputs.parameters.empty()) return Value();
    TRY_ASSIGN(const auto environment, environment_of(context, group, false));
    const auto contexts = contexts_of(context, group, environment);
    Object parameters;
    for (const auto& output : step.outputs.parameters) {
      const auto& source = output.binding->constant;
      TRY_ASSIGN(auto value, evaluated({source.string_or(""), source.mark()}, contexts));
      parameters.set(output.name, std::move(value));
    }
    return Value(Object{{"parameters", std::move(parameters)}});
  }

  Value cache_key(const Context&, Index) const override { return Value(); }

 private:
  // The runner's own variables, and PATH with what earlier steps put before it.
  static void complete(const Context& context, Index index, const Value& github, const std::string& base,
                       Environment& environment) {
    const auto& facts = context.facts;
    const auto job = job_of(context.graph, index);
    for (const auto& [name, value] : facts.environment) environment.emplace(name, value);
    for (const auto sibling : context.graph.steps[job].children) {
      if (sibling == index) break;
      const auto& paths = context.state.steps[sibling].outputs["path"];
      for (std::size_t i = 0; i < paths.size(); i++)
        environment["PATH"] = paths[i].string_or("") + ":" + environment["PATH"];
    }
    for (const auto name :
         {"workflow", "run_id", "run_number", "run_attempt", "job", "actor", "repository", "repository_owner", "sha",
          "ref", "ref_name", "ref_type", "event_name", "workspace", "triggering_actor"}) {
      std::string upper = "GITHUB_";
      for (const char c : std::string_view(name)) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      environment[upper] = github[name].string_or("");
    }
    const auto& id = context.graph.steps[index].id;
    const auto temp = temp_of(facts, context.graph.steps[job].id);
    const std::pair<const char*, std::string> fixed[] = {
        {"CI", "true"},
        {"GITHUB_ACTIONS", "true"},
        {"GITHUB_ACTION", id.empty() ? "__run" : id},
        {"GITHUB_OUTPUT", base + "/output"},
        {"GITHUB_ENV", base + "/env"},
        {"GITHUB_PATH", base + "/path"},
        {"GITHUB_STEP_SUMMARY", base + "/summary"},
        {"GITHUB_STATE", base + "/state"},
        {"GITHUB_EVENT_PATH", base + "/event.json"},
        {"RUNNER_OS", "Linux"},
        {"RUNNER_ARCH", "X64"},
        {"RUNNER_NAME", "slipway"},
        {"RUNNER_ENVIRONMENT", "self-hosted"},
        {"RUNNER_TEMP", temp},
        {"RUNNER_TOOL_CACHE", temp},
        {"SLIPWAY_RUN", facts.id},
        {"SLIPWAY_STEP", context.graph.steps[index].key},
        {"SLIPWAY_ATTEMPT", std::to_string(context.state.steps[index].attempt)}};
    for (const auto& [name, value] : fixed) environment[name] = value;
  }
};

}  // namespace

const Dialect& dialect() {
  static const ActionsDialect dialect;
  return dialect;
}

}  // namespace slipway::workflow::actions
