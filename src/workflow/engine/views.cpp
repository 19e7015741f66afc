#include "workflow/engine/views.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

ArtifactView artifact_view(const std::string& name, const Value& artifact) {
  return {name, artifact["type"].string_or(""), artifact["uri"].string_or(""), artifact["digest"].string_or(""),
          artifact["metadata"]};
}

StepView step_view(const Run& run, ir::Index index) {
  const auto& step = run.graph.steps[index];
  const auto& state = run.state.steps[index];
  StepView view;
  view.id = step.key;
  view.name = step.name.empty() ? step.key : step.name;
  if (step.parent != ir::nowhere) view.group = run.graph.steps[step.parent].key;
  view.is_group = step.is_group();
  view.phase = state.phase;
  view.started = state.started;
  view.finished = state.finished;
  view.attempts = state.attempt;
  view.cached = state.cached;
  view.message = state.stopping.empty() ? state.message : state.stopping;
  // What was inside a group that never began is as little to come as the group.
  for (auto at = step.parent; at != ir::nowhere && view.phase == Phase::waiting; at = run.graph.steps[at].parent) {
    const auto phase = run.state.steps[at].phase;
    if (phase == Phase::skipped || phase == Phase::cancelled)
      view.phase = phase;
    else if (is_finished(phase))
      view.phase = Phase::skipped;
  }
  if (step.leaf && state.attempt > 0 && step.leaf->runs != ir::Leaf::Runs::checkout)
    view.pod = pod_name(run.facts.id, step.key, state.attempt);
  view.parameters = state.outputs["parameters"];
  if (const auto& artifacts = state.outputs["artifacts"]; artifacts.is_object()) {
    for (const auto& [name, artifact] : artifacts.as_object()) view.artifacts.push_back(artifact_view(name, artifact));
  }
  view.summary = state.outputs["summary"].string_or("");
  return view;
}

Value time_or_null(const std::optional<core::Time>& time) {
  return time ? Value(core::render_rfc3339_micro(*time)) : Value();
}

Value to_value(const StepView& step) {
  Object artifacts;
  for (const auto& artifact : step.artifacts) {
    artifacts.set(artifact.name, Object{{"type", artifact.type},
                                        {"uri", artifact.uri},
                                        {"digest", artifact.digest},
                                        {"metadata", artifact.metadata}});
  }
  return Object{{"id", step.id},
                {"name", step.name},
                {"group", step.group},
                {"isGroup", step.is_group},
                {"phase", name_of(step.phase)},
                {"started", time_or_null(step.started)},
                {"finished", time_or_null(step.finished)},
                {"attempts", step.attempts},
                {"cached", step.cached},
                {"message", step.message},
                {"pod", step.pod},
                {"outputs", step.parameters.is_object() ? step.parameters : Value(Object{})},
                {"artifacts", std::move(artifacts)},
                {"summary", step.summary}};
}

}  // namespace

RunView view_of(const Run& run, const std::string& pod_namespace) {
  const auto& submission = run.facts.submission;
  RunView view;
  view.id = run.facts.id;
  view.workflow = run.record.workflow;
  view.name = submission.display_name.empty() ? run.record.workflow : submission.display_name;
  view.dialect = run.record.dialect;
  view.number = run.record.number;
  view.phase = run.state.phase;
  view.cancelling = run.state.cancelling && !is_finished(run.state.phase);
  view.created = run.record.created;
  view.finished = run.state.finished;
  view.message = run.state.message;
  view.repository = submission.repository;
  view.commit = submission.commit;
  view.ref = submission.ref;
  view.event = submission.event;
  view.actor = submission.actor;
  view.experiment = submission.experiment;
  view.parameters = submission.parameters;
  view.pod_namespace = pod_namespace;
  const auto& outputs = run.state.steps[ir::root].outputs["parameters"];
  view.outputs = outputs.is_object() ? outputs : Value(Object{});
  for (ir::Index i = ir::root + 1; i < run.graph.steps.size(); i++) {
    view.steps.push_back(step_view(run, i));
    if (run.graph.steps[i].is_group()) continue;
    for (const auto& artifact : view.steps.back().artifacts) {
      if (artifact.type != "system.Metrics" || !artifact.metadata.is_object()) continue;
      for (const auto& [name, value] : artifact.metadata.as_object()) {
        if (value.is_number()) view.metrics.set(name, value);
      }
    }
  }
  return view;
}

Value to_value(const RunView& run) {
  Array steps;
  for (const auto& step : run.steps) steps.push_back(to_value(step));
  return Object{{"id", run.id},
                {"name", run.name},
                {"workflow", run.workflow},
                {"dialect", run.dialect},
                {"number", run.number},
                {"phase", name_of(run.phase)},
                {"cancelling", run.cancelling},
                {"created", core::render_rfc3339_micro(run.created)},
                {"finished", time_or_null(run.finished)},
                {"message", run.message},
                {"repository", run.repository},
                {"commit", run.commit},
                {"ref", run.ref},
                {"event", run.event},
                {"actor", run.actor},
                {"experiment", run.experiment},
                {"parameters", run.parameters},
                {"podNamespace", run.pod_namespace},
                {"outputs", run.outputs},
                {"metrics", run.metrics},
                {"steps", std::move(steps)}};
}

}  // namespace slipway::workflow
