#include "workflow/dialects/actions/contexts.hpp"

#include <set>

namespace slipway::workflow::actions {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;
using expr::github::Status;
using ir::Index;

const expr::github::Allowed everything{
    {"github", "env", "vars", "needs", "steps", "inputs", "secrets", "runner", "job", "matrix", "strategy"}, true};

std::string ref_name(const std::string& ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/"}) {
    if (ref.starts_with(prefix)) return ref.substr(prefix.size());
  }
  return ref;
}

Value event_of(const Submission& submission) {
  if (!submission.event_payload.is_null()) return submission.event_payload;
  Object repository{{"name", submission.repository}, {"full_name", submission.repository}};
  Object event{{"ref", submission.ref}, {"repository", std::move(repository)}};
  if (submission.event == "push") {
    event.set("after", submission.commit);
    event.set("head_commit", Object{{"id", submission.commit}});
    event.set("pusher", Object{{"name", submission.actor}});
  } else {
    event.set("inputs", submission.parameters);
  }
  return Value(std::move(event));
}

Value github_of(const Context& context, Index step) {
  const auto& facts = context.facts;
  const auto& submission = facts.submission;
  const auto job = job_of(context.graph, step);
  const std::string job_id = job == ir::nowhere ? "" : context.graph.steps[job].id;
  return Object{{"workflow", context.graph.name},
                {"run_id", facts.id},
                {"run_number", std::to_string(facts.number)},
                {"run_attempt", "1"},
                {"job", job_id},
                {"actor", submission.actor},
                {"triggering_actor", submission.actor},
                {"repository", submission.repository},
                {"repository_owner", submission.repository.substr(0, submission.repository.find('/'))},
                {"sha", submission.commit},
                {"ref", submission.ref},
                {"ref_name", ref_name(submission.ref)},
                {"ref_type", submission.ref.starts_with("refs/tags/") ? "tag" : "branch"},
                {"event_name", submission.event},
                {"event", event_of(submission)},
                {"head_ref", ""},
                {"base_ref", ""},
                {"token", ""},
                {"workspace", job == ir::nowhere ? "" : workspace_of(facts, job_id)}};
}

Object strings(const std::map<std::string, std::string>& map) {
  Object object;
  for (const auto& [name, value] : map) object.set(name, value);
  return object;
}

Value needs_of(const Context& context, Index job) {
  Object needs;
  for (const auto needed : context.graph.steps[job].needs) {
    const auto& state = context.state.steps[needed];
    const auto& outputs = state.outputs["parameters"];
    needs.set(context.graph.steps[needed].id, Object{{"result", result_name(state.phase)},
                                                     {"outputs", outputs.is_object() ? outputs : Value(Object{})}});
  }
  return Value(std::move(needs));
}

Value steps_of(const Context& context, Index job) {
  Object steps;
  for (const auto child : context.graph.steps[job].children) {
    const auto& state = context.state.steps[child];
    if (context.graph.steps[child].id.empty() || !is_finished(state.phase)) continue;
    const auto& outputs = state.outputs["parameters"];
    steps.set(context.graph.steps[child].id, Object{{"outputs", outputs.is_object() ? outputs : Value(Object{})},
                                                    {"outcome", result_name(state.outcome)},
                                                    {"conclusion", result_name(state.phase)}});
  }
  return Value(std::move(steps));
}

std::string_view status_name(Status status) {
  return status == Status::failure     ? "failure"
         : status == Status::cancelled ? "cancelled"
         : status == Status::skipped   ? "skipped"
                                       : "success";
}

// failure before cancelled before skipped.
void worsen(Status& status, Phase phase) {
  if (phase == Phase::failed || phase == Phase::error)
    status = Status::failure;
  else if (phase == Phase::cancelled && status != Status::failure)
    status = Status::cancelled;
}

}  // namespace

std::string workspace_of(const Facts& facts, const std::string& job) { return facts.directory + "/work/" + job; }
std::string temp_of(const Facts& facts, const std::string& job) { return facts.directory + "/temp/" + job; }

std::string_view result_name(Phase phase) {
  switch (phase) {
    case Phase::succeeded:
      return "success";
    case Phase::skipped:
      return "skipped";
    case Phase::cancelled:
      return "cancelled";
    default:
      return "failure";
  }
}

Index job_of(const ir::Graph& graph, Index step) {
  while (step != ir::root && step != ir::nowhere && graph.steps[step].parent != ir::root)
    step = graph.steps[step].parent;
  return step == ir::root ? ir::nowhere : step;
}

Status status_of(const Context& context, Index index) {
  auto status = context.state.cancelling ? Status::cancelled : Status::success;
  const auto& graph = context.graph;
  if (!graph.steps[index].is_group()) {
    for (const auto sibling : graph.steps[graph.steps[index].parent].children) {
      if (sibling == index) break;
      worsen(status, context.state.steps[sibling].phase);
    }
    return status;
  }
  // A job that ran after a failed one with always() does not make the failure undone for those after it.
  std::set<Index> seen;
  std::vector<Index> open = graph.steps[index].needs;
  bool skipped = false;
  while (!open.empty()) {
    const auto needed = open.back();
    open.pop_back();
    if (!seen.insert(needed).second) continue;
    worsen(status, context.state.steps[needed].phase);
    skipped = skipped || context.state.steps[needed].phase == Phase::skipped;
    open.insert(open.end(), graph.steps[needed].needs.begin(), graph.steps[needed].needs.end());
  }
  return status == Status::success && skipped ? Status::skipped : status;
}

core::Result<std::string> evaluated(const ir::Text& text, const Object& contexts) {
  TRY_ASSIGN(const auto parsed, expr::github::parse_template(text.text, text.mark, everything));
  return expr::github::evaluate_text(parsed, {&contexts});
}

core::Result<Environment> environment_of(const Context& context, Index index, bool with_own) {
  Environment environment = context.facts.submission.environment;
  const auto& steps = context.graph.steps;
  const auto add = [&](Index of) -> core::Result<> {
    // The values of one `env` do not see each other.
    const auto contexts = contexts_of(context, index, environment);
    Environment values;
    for (const auto& [name, text] : steps[of].environment) {
      TRY_ASSIGN(values[name], evaluated(text, contexts));
    }
    for (auto& [name, value] : values) environment[name] = std::move(value);
    return {};
  };
  TRY(add(ir::root));
  const auto job = job_of(context.graph, index);
  if (job == ir::nowhere) return environment;
  TRY(add(job));
  if (steps[index].is_group()) return environment;
  for (const auto sibling : steps[job].children) {
    if (sibling == index) break;
    const auto& written = context.state.steps[sibling].outputs["environment"];
    if (!written.is_object()) continue;
    for (const auto& [name, value] : written.as_object()) environment[name] = value.string_or("");
  }
  if (with_own) TRY(add(index));
  return environment;
}

Object contexts_of(const Context& context, Index step, const Environment& environment) {
  const auto job = job_of(context.graph, step);
  const std::string job_id = job == ir::nowhere ? "" : context.graph.steps[job].id;
  Object contexts{{"github", github_of(context, step)},
                  {"env", strings(environment)},
                  {"vars", strings(context.facts.submission.variables)},
                  {"inputs", context.facts.submission.parameters},
                  {"secrets", Object{}},
                  {"matrix", Object{}},
                  {"strategy", Object{}},
                  {"runner", Object{{"os", "Linux"},
                                    {"arch", "X64"},
                                    {"name", "slipway"},
                                    {"environment", "self-hosted"},
                                    {"debug", ""},
                                    {"temp", temp_of(context.facts, job_id)},
                                    {"tool_cache", temp_of(context.facts, job_id)}}}};
  if (job != ir::nowhere) {
    contexts.set("needs", needs_of(context, job));
    contexts.set("steps", steps_of(context, job));
    contexts.set("job", Object{{"status", status_name(status_of(context, step))}});
  }
  return contexts;
}

}  // namespace slipway::workflow::actions
