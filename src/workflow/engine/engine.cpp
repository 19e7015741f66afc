#include "workflow/engine.hpp"

#include "workflow/dialects/actions/actions.hpp"
#include "workflow/engine/engine_state.hpp"
#include "workflow/engine/views.hpp"

namespace slipway::workflow {
namespace {

const std::string& namespace_of(const Run& run, const EngineOptions& options) {
  return run.graph.dialect == ir::DialectName::kfp ? options.kfp_namespace : options.actions_namespace;
}

// A run whose file this program no longer reads, or whose text is lost: what its row says.
RunView view_of_record(const RunRecord& record, const Error& problem) {
  RunView view;
  view.id = record.id;
  view.name = view.workflow = record.workflow;
  view.dialect = record.dialect;
  view.number = record.number;
  view.phase = record.phase;
  view.created = record.created;
  view.message = problem.one_line();
  return view;
}

}  // namespace

Engine::Engine(core::World& world, storage::Database& database, objects::Store& store, storage::BlobStore& blobs,
               core::EventSink& events, EngineOptions options)
    : state_(std::make_unique<State>(world, database, store, blobs, events, std::move(options))) {}

Engine::~Engine() = default;

core::Result<> Engine::start() {
  TRY(state_->journal.migrate());
  return state_->runner.start();
}

core::Result<std::string> Engine::submit(Submission submission) {
  TRY_ASSIGN(const auto* run, state_->runner.submit(std::move(submission)));
  return run->facts.id;
}

core::Result<std::string> Engine::refuse(Submission submission, const Error& why) {
  TRY_ASSIGN(const auto* run, state_->runner.refuse(std::move(submission), why));
  return run->facts.id;
}

core::Result<std::string> Engine::rerun(const std::string& id, const std::string& actor,
                                        const std::string& idempotency_key) {
  TRY_ASSIGN(const auto record, state_->journal.get(id));
  if (!is_finished(record.phase))
    return fail(Code::failed_precondition, "run " + id + " has not finished", "slipway runs cancel " + id);
  Submission submission = record.submission;
  TRY_ASSIGN(submission.text, state_->blobs.get(record.text));
  submission.dialect = record.dialect;
  if (!actor.empty()) submission.actor = actor;
  submission.idempotency_key = idempotency_key;
  return submit(std::move(submission));
}

core::Result<RunView> Engine::get(const std::string& id) {
  auto run = state_->runner.find(id);
  if (run) return view_of(**run, namespace_of(**run, state_->options));
  TRY_ASSIGN(const auto record, state_->journal.get(id));
  return view_of_record(record, run.error());
}

core::Result<std::vector<RunView>> Engine::list(std::size_t limit, const std::string& experiment) {
  TRY_ASSIGN(const auto ids, state_->journal.newest(limit, experiment));
  std::vector<RunView> views;
  for (const auto& id : ids) {
    TRY_ASSIGN(auto view, get(id));
    views.push_back(std::move(view));
  }
  return views;
}

core::Result<std::string> Engine::log(const std::string& id, const std::string& step) {
  TRY_ASSIGN(auto* run, state_->runner.find(id));
  const auto index = step.empty() ? ir::root : run->graph.find(step);
  if (index == ir::nowhere) return fail(Code::not_found, "run " + id + " has no step \"" + step + "\"");
  if (!run->graph.steps[index].is_group()) return state_->runner.step_log(*run, index);
  std::string text;
  for (ir::Index i = index + 1; i < run->graph.steps.size(); i++) {
    auto at = run->graph.steps[i].parent;
    while (at != index && at != ir::nowhere) at = run->graph.steps[at].parent;
    if (at != index || run->graph.steps[i].is_group() || run->state.steps[i].attempt == 0) continue;
    TRY_ASSIGN(const auto part, state_->runner.step_log(*run, i));
    text += "==> " + run->graph.steps[i].key + " " + run->graph.steps[i].name + "\n" + part;
    if (!part.empty() && !part.ends_with('\n')) text += '\n';
  }
  return text;
}

core::Result<> Engine::cancel(const std::string& id) { return state_->runner.cancel(id); }

void Engine::on_finished(std::function<void(const RunView&)> callback) {
  state_->runner.on_finished.push_back(
      [this, callback = std::move(callback)](Run& run) { callback(view_of(run, namespace_of(run, state_->options))); });
}

void Engine::add_routes(net::Router& router) {
  add_run_routes(router, *this);
  add_kfp_routes(router, *this, state_->journal, state_->world);
}

core::Result<> lint(const std::string& text, const std::string& source_name) {
  TRY(lower(text, source_name, ""));
  return {};
}

core::Result<std::string> describe(const std::string& text, const std::string& source_name) {
  TRY_ASSIGN(const auto graph, lower(text, source_name, ""));
  return ir::render(graph);
}

core::Result<bool> wants_push(const std::string& text, const std::string& source_name, const std::string& ref) {
  TRY_ASSIGN(const auto document, core::doc::parse_yaml(text, source_name));
  return actions::wants_push(document, ref);
}

}  // namespace slipway::workflow
