// From a workflow file to the graph. All problems of a file at once, each at its place.

#include <algorithm>
#include <set>

#include "expr/github.hpp"
#include "workflow/dialects/actions/actions.hpp"
#include "workflow/dialects/actions/triggers.hpp"

namespace slipway::workflow::actions {
namespace {

using core::doc::Decoder;
using core::doc::Value;
using expr::github::Allowed;
using ir::Index;

// GitHub's table of contexts: which may be named where.
const Allowed in_workflow_env{{"github", "secrets", "inputs", "vars"}};
const Allowed in_job_condition{{"github", "needs", "vars", "inputs"}, true};
const Allowed in_job_env{{"github", "needs", "strategy", "matrix", "vars", "secrets", "inputs"}};
const Allowed in_step{
    {"github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps", "inputs"}};
const Allowed in_step_condition{
    {"github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"}, true};

constexpr core::Duration default_job_timeout = std::chrono::minutes(360);

struct RunDefaults {
  std::string shell;
  ir::Text directory;
};

bool is_identifier(std::string_view id) {
  if (id.empty() || id.size() > 100 || (id[0] >= '0' && id[0] <= '9') || id[0] == '-') return false;
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class Lowering {
 public:
  explicit Lowering(const Value& document) : document_(document) {}

  core::Result<ir::Graph> run() {
    Decoder decoder(document_, "");
    ir::Step root;
    root.mark = document_.mark();
    graph_.dialect = ir::DialectName::actions;
    graph_.name = decoder.string("name");
    root.name = graph_.name;
    decoder.any("on");
    decoder.ignore("permissions");
    refuse(decoder, {"concurrency", "run-name"});
    root.environment = environment(decoder.any("env"), in_workflow_env);
    const auto defaults = run_defaults(decoder, "defaults");
    const auto& jobs = decoder.object("jobs");
    if (document_.is_object() && (!jobs.is_object() || jobs.size() == 0))
      decoder.add(Error(Code::invalid_argument, "a workflow needs \"jobs\"").at(document_.mark()));
    if (auto triggers = read_triggers(document_)) {
      root.parameters = std::move(triggers->inputs);
    } else {
      problems_.push_back(std::move(triggers).error());
    }
    finish(decoder);
    graph_.add(std::move(root), ir::nowhere);
    if (jobs.is_object()) this->jobs(jobs, defaults);
    if (problems_.empty()) {
      if (auto acyclic = ir::check_acyclic(graph_); !acyclic) problems_.push_back(std::move(acyclic).error());
    }
    if (problems_.empty()) return std::move(graph_);
    auto all = core::join(std::move(problems_));
    std::ranges::stable_sort(all.causes, {}, [](const Error& e) { return std::pair(e.mark.line, e.mark.column); });
    return fail(std::move(all));
  }

 private:
  void problem(const Value& where, Code code, std::string message, std::string hint = {}) {
    problems_.push_back(Error(code, std::move(message), std::move(hint)).at(where.mark()));
  }
  void finish(Decoder& decoder) {
    if (auto result = decoder.finish(); !result) problems_.push_back(std::move(result).error());
  }
  // Known to GitHub, and not to us.
  void refuse(Decoder& decoder, std::initializer_list<const char*> keys) {
    for (const auto key : keys) {
      if (decoder.has(key))
        problem(decoder.any(key), Code::unimplemented, "\"" + std::string(key) + "\" is not supported yet");
      decoder.ignore(key);
    }
  }

  // A text whose expressions are checked now and evaluated when the step starts.
  ir::Text text(const Value& value, const Allowed& allowed) {
    ir::Text text{value.string_or(""), value.mark()};
    if (auto parsed = expr::github::parse_template(text.text, text.mark, allowed); !parsed)
      problems_.push_back(std::move(parsed).error());
    return text;
  }

  std::vector<std::pair<std::string, ir::Text>> environment(const Value& value, const Allowed& allowed) {
    std::vector<std::pair<std::string, ir::Text>> result;
    if (value.is_null()) return result;
    if (!value.is_object()) {
      problem(value, Code::invalid_argument, "\"env\" must be names with values");
      return result;
    }
    for (const auto& [name, content] : value.as_object()) {
      if (content.is_array() || content.is_object())
        problem(content, Code::invalid_argument,
                "the value of \"" + name + "\" must be a text, a number or true or false");
      else
        result.emplace_back(name, text(content, allowed));
    }
    return result;
  }

  RunDefaults run_defaults(Decoder& parent, const char* key) {
    RunDefaults defaults;
    const auto& value = parent.object(key);
    if (!value.is_object()) return defaults;
    Decoder decoder(value, key);
    const auto& run = decoder.object("run");
    finish(decoder);
    if (!run.is_object()) return defaults;
    Decoder inner(run, std::string(key) + ".run");
    defaults.shell = inner.string("shell");
    if (const auto& directory = inner.any("working-directory"); !directory.is_null())
      defaults.directory = text(directory, in_step);
    finish(inner);
    return defaults;
  }

  void condition(const Value& value, const Allowed& allowed, ir::Step& step) {
    step.trigger = ir::Trigger::all_finished;
    step.condition_text = value.string_or("");  // `if: false` is a boolean
    auto parsed = expr::github::parse_condition(step.condition_text, value.mark(), allowed);
    if (parsed)
      step.condition = std::move(*parsed);
    else
      problems_.push_back(std::move(parsed).error());
  }

  core::Duration timeout(Decoder& decoder, core::Duration fallback) {
    const double minutes = decoder.number("timeout-minutes", 0);
    if (minutes <= 0) return fallback;
    return core::Duration(static_cast<std::int64_t>(std::min(minutes, 60.0 * 24 * 30) * 60e6));
  }

  void jobs(const Value& jobs, const RunDefaults& defaults) {
    std::vector<std::pair<Index, const Value*>> added;
    for (const auto& [id, job] : jobs.as_object()) {
      if (!is_identifier(id)) {
        problem(job, Code::invalid_argument, "\"" + id + "\" is not a legal job id",
                "letters, digits, \"-\" and \"_\", beginning with a letter or \"_\"");
        continue;
      }
      added.emplace_back(this->job(id, job, defaults), &job);
    }
    for (const auto& [index, job] : added) needs(index, (*job)["needs"]);
  }

  // The job that was probably meant; "" when none is near.
  std::string suggestion(const std::string& name) const {
    std::vector<std::string> jobs;
    for (const auto& [id, job] : document_["jobs"].as_object()) jobs.push_back(id);
    const std::string near = core::nearest(name, jobs);
    return near.empty() ? "" : "did you mean \"" + near + "\"?";
  }

  void needs(Index index, const Value& value) {
    const auto one = [&](const Value& name) {
      const auto needed = graph_.find_child(ir::root, name.string_or(""));
      if (needed == ir::nowhere)
        problem(name, Code::invalid_argument, "there is no job \"" + name.string_or("") + "\"",
                suggestion(name.string_or("")));
      else
        graph_.require(index, needed);
    };
    if (value.is_array()) {
      for (const auto& name : value.as_array()) one(name);
    } else if (!value.is_null()) {
      one(value);
    }
  }

  Index job(const std::string& id, const Value& value, const RunDefaults& outer) {
    Decoder decoder(value, "jobs." + id);
    ir::Step job;
    job.id = job.key = id;
    job.mark = value.mark();
    job.name = decoder.string("name", id);
    decoder.any("needs");
    decoder.ignore("permissions");
    refuse(decoder, {"strategy", "services", "container", "concurrency", "environment", "uses", "with", "secrets"});
    runner(decoder.any("runs-on"), value);
    condition(decoder.any("if"), in_job_condition, job);
    job.environment = environment(decoder.any("env"), in_job_env);
    job.timeout = timeout(decoder, default_job_timeout);
    job.continue_on_error = decoder.boolean("continue-on-error", false);
    auto defaults = run_defaults(decoder, "defaults");
    if (defaults.shell.empty()) defaults.shell = outer.shell;
    if (defaults.directory.text.empty()) defaults.directory = outer.directory;
    if (const auto& outputs = decoder.object("outputs"); outputs.is_object()) {
      for (const auto& [name, content] : outputs.as_object()) {
        text(content, in_step);
        job.outputs.parameters.push_back({.name = name, .binding = ir::Binding{.constant = content}});
      }
    }
    const auto& steps = decoder.array("steps");
    finish(decoder);
    const auto index = graph_.add(std::move(job), ir::root);
    if (!steps.is_array() || steps.size() == 0) {
      if (value["uses"].is_null()) problem(value, Code::invalid_argument, "job \"" + id + "\" has no steps");
      return index;
    }
    std::set<std::string> ids;
    Index before = ir::nowhere;
    for (std::size_t i = 0; i < steps.size(); i++) {
      auto step = this->step(id, i + 1, steps[i], defaults);
      if (!step.id.empty() && !ids.insert(step.id).second)
        problem(steps[i]["id"], Code::invalid_argument, "the id \"" + step.id + "\" is used twice in this job");
      const auto added = graph_.add(std::move(step), index);
      if (before != ir::nowhere) graph_.require(added, before);
      before = added;
    }
    return index;
  }

  void runner(const Value& labels, const Value& job) {
    if (labels.is_null()) {
      if (job["uses"].is_null())
        problem(job, Code::invalid_argument, "a job needs \"runs-on\"", "runs-on: ubuntu-latest");
      return;
    }
    if (labels.is_object()) problem(labels, Code::unimplemented, "runner groups are not supported yet");
    const auto check = [&](const Value& label) {
      const auto name = label.string_or("");
      if (name.starts_with("windows") || name.starts_with("macos")) {
        problem(label, Code::unimplemented,
                "\"" + name + "\" cannot run here: jobs run as Linux processes of this machine");
      } else if (name.find("${{") != std::string::npos) {
        problem(label, Code::unimplemented, "expressions in \"runs-on\" are not supported yet");
      }
    };
    if (labels.is_array()) {
      for (const auto& label : labels.as_array()) check(label);
    } else {
      check(labels);
    }
  }

  ir::Step step(const std::string& job, std::size_t number, const Value& value, const RunDefaults& defaults) {
    const auto path = "jobs." + job + ".steps[" + std::to_string(number) + "]";
    Decoder decoder(value, path);
    ir::Step step;
    step.key = job + "/" + std::to_string(number);
    step.mark = value.mark();
    step.id = decoder.string("id");
    if (!step.id.empty() && !is_identifier(step.id))
      problem(value["id"], Code::invalid_argument, "\"" + step.id + "\" is not a legal step id");
    condition(decoder.any("if"), in_step_condition, step);
    step.environment = environment(decoder.any("env"), in_step);
    step.continue_on_error = decoder.boolean("continue-on-error", false);
    step.timeout = timeout(decoder, {});
    const auto& name = decoder.any("name");
    if (!name.is_null()) step.name = text(name, in_step).text;

    const auto& run = decoder.any("run");
    const auto& uses = decoder.any("uses");
    const auto& with = decoder.object("with");
    const auto shell = decoder.string("shell", defaults.shell);
    const auto& directory = decoder.any("working-directory");
    finish(decoder);
    step.leaf.emplace();
    if (run.is_null() == uses.is_null()) {
      problem(value, Code::invalid_argument, "a step has either \"run\" or \"uses\"");
    } else if (!run.is_null()) {
      step.leaf->runs = ir::Leaf::Runs::script;
      step.leaf->script = text(run, in_step);
      step.leaf->shell = shell;
      step.leaf->directory = directory.is_null() ? defaults.directory : text(directory, in_step);
      if (shell == "pwsh" || shell == "powershell" || shell == "cmd") {
        problem(value["shell"].is_null() ? value : value["shell"], Code::unimplemented,
                "the shell \"" + shell + "\" is not supported");
      } else if (!shell.empty() && shell != "bash" && shell != "sh" && shell != "python" &&
                 shell.find("{0}") == std::string::npos) {
        problem(value["shell"].is_null() ? value : value["shell"], Code::invalid_argument,
                "the shell \"" + shell + "\" does not say where the script goes",
                "bash, sh, python, or a command with {0}");
      }
      if (step.name.empty()) step.name = "Run " + first_line(step.leaf->script.text);
    } else {
      action(uses, with, step);
    }
    return step;
  }

  void action(const Value& uses, const Value& with, ir::Step& step) {
    const auto reference = uses.string_or("");
    if (step.name.empty()) step.name = "Run " + reference;
    if (!reference.starts_with("actions/checkout@")) {
      problem(uses, Code::unimplemented, "the action \"" + reference + "\" cannot run here yet",
              "use \"run\" instead; of the actions only actions/checkout is built in");
      return;
    }
    step.leaf->runs = ir::Leaf::Runs::checkout;
    if (!with.is_object()) return;
    Decoder decoder(with, "with");
    for (const auto harmless : {"fetch-depth", "persist-credentials", "clean", "token", "lfs", "fetch-tags",
                                "set-safe-directory", "show-progress"})
      decoder.ignore(harmless);
    refuse(decoder, {"repository", "ref", "submodules", "ssh-key", "sparse-checkout", "filter"});
    if (const auto& path = decoder.any("path"); !path.is_null()) step.leaf->directory = text(path, in_step);
    finish(decoder);
  }

  const Value& document_;
  ir::Graph graph_;
  std::vector<Error> problems_;
};

}  // namespace

bool is_workflow(const Value& document) { return document["jobs"].is_object(); }

core::Result<ir::Graph> lower(const Value& document) {
  if (!document.is_object())
    return fail(
        Error(Code::invalid_argument, "a workflow file is an object with \"on\" and \"jobs\"").at(document.mark()));
  return Lowering(document).run();
}

core::Result<bool> wants_push(const Value& document, std::string_view ref) {
  TRY_ASSIGN(const auto triggers, read_triggers(document));
  return triggers.push && triggers.push->matches(ref);
}

}  // namespace slipway::workflow::actions
