#include "server/lint_workflow.hpp"

#include <algorithm>
#include <string>

#include "core/text.hpp"
#include "expr/github.hpp"

namespace slipway::server {
namespace {

using Names = std::vector<std::string>;
using expr::Node;

const expr::github::Allowed everything{
    {"github", "env", "vars", "needs", "steps", "inputs", "secrets", "runner", "job", "jobs", "matrix", "strategy"},
    true};

// What the expressions of one job may name.
struct Job {
  std::string id;
  Names steps, needs;
  bool needs_exist = true;  // else what `needs` lists is wrong already, and says nothing of the expressions
};

const doc::Array& array_of(const doc::Value& value) {
  static const doc::Array none;
  return value.is_array() ? value.as_array() : none;
}

Job job_of(const std::string& id, const doc::Value& jobs) {
  const doc::Value& value = jobs[id];
  Job job{.id = id, .steps = {}, .needs = {}};
  for (const doc::Value& step : array_of(value["steps"])) {
    if (step["id"].is_string()) job.steps.push_back(step["id"].as_string());
  }
  if (value["needs"].is_string()) job.needs.push_back(value["needs"].as_string());
  for (const doc::Value& needed : array_of(value["needs"])) job.needs.push_back(needed.string_or(""));
  job.needs_exist =
      std::ranges::all_of(job.needs, [&](const auto& needed) { return jobs.as_object().contains(needed); });
  return job;
}

// The context and key of `steps.register` and `steps['register']`; "" for a key that is computed.
std::string key_of(const Node& node, const std::string& context) {
  if (node.children.empty() || node.children[0].kind != Node::Kind::name || node.children[0].name != context) return "";
  if (node.kind == Node::Kind::member) return node.name;
  if (node.kind == Node::Kind::index && node.children[1].kind == Node::Kind::literal)
    return node.children[1].literal.string_or("");
  return "";
}

void check_names(const Node& expression, const Job& job, std::vector<Error>& problems) {
  expr::walk(expression, [&](const Node& node) {
    const auto expect = [&](const std::string& context, const Names& names, const std::string& message,
                            const std::string& hint) {
      const std::string key = key_of(node, context);
      const auto is_key = [&](const std::string& name) { return core::equal_ignoring_case(name, key); };
      if (key.empty() || std::ranges::any_of(names, is_key)) return;
      const std::string near = core::nearest(key, names);
      problems.push_back(Error(Code::invalid_argument, "job \"" + job.id + "\" " + message + " \"" + key + "\"",
                               near.empty() ? hint : "did you mean \"" + near + "\"?")
                             .at(node.mark));
    };
    expect("steps", job.steps, "has no step with the id", "give the step an id");
    if (job.needs_exist) expect("needs", job.needs, "does not need a job", "name it under needs");
  });
}

void check_value(const doc::Value& value, bool is_condition, const Job& job, std::vector<Error>& problems) {
  if (value.is_array()) {
    for (const doc::Value& element : value.as_array()) check_value(element, false, job, problems);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) check_value(member, key == "if", job, problems);
  } else if (value.is_string() && is_condition) {
    if (const auto condition = expr::github::parse_condition(value.as_string(), value.mark(), everything))
      check_names(*condition, job, problems);
  } else if (value.is_string() && value.as_string().find("${{") != std::string::npos) {
    const auto text = expr::github::parse_template(value.as_string(), value.mark(), everything);
    if (!text) return;  // workflow::lint says so
    for (const auto& part : text->parts) {
      for (const Node& expression : part.expression) check_names(expression, job, problems);
    }
  }
}

}  // namespace

std::vector<Error> broken_expressions(const doc::Value& workflow) {
  std::vector<Error> problems;
  if (!workflow["jobs"].is_object()) return problems;
  const doc::Value& jobs = workflow["jobs"];
  for (const auto& [id, value] : jobs.as_object()) check_value(value, false, job_of(id, jobs), problems);
  return problems;
}

}  // namespace slipway::server
