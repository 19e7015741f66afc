// What the engine does about its decisions: Pods, files, checkouts; and what it sees of them. All of it may be done
// again after a crash.

#include <algorithm>

#include "core/digest.hpp"
#include "core/log.hpp"
#include "objects/kinds.hpp"
#include "workflow/engine/artifacts.hpp"
#include "workflow/engine/runner.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Object;
using core::doc::Value;

constexpr std::size_t longest_message = 300;

std::string last_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find_last_not_of(" \t\r\n");
    if (end == std::string_view::npos) return "";
    text = text.substr(0, end + 1);
    const auto begin = text.rfind('\n');
    auto line = text.substr(begin == std::string_view::npos ? 0 : begin + 1);
    return std::string(line.substr(0, longest_message));
  }
  return "";
}

}  // namespace

core::Result<> Runner::prepare(const Launch& launch) {
  for (const auto& directory : launch.directories) TRY(world_.files.make_directories(directory));
  for (const auto& file : launch.files) TRY(world_.files.write_atomic(file.path, file.bytes, file.mode));
  if (!world_.files.exists(launch.directory))
    return fail(Code::failed_precondition, "the working directory " + launch.directory + " does not exist");
  return {};
}

std::optional<Event> Runner::execute(Run& run, ir::Index index) {
  if (run.launched.contains(index)) return std::nullopt;
  const auto& step = run.graph.steps[index];
  if (step.leaf->runs == ir::Leaf::Runs::checkout) return checkout(run, index);

  const auto name = pod_of(run, index);
  auto found = store_.find(objects::kinds::pod, name);
  if (found && !*found) {
    // Its files first: when the Pod is there, they are.
    auto launch = run.dialect().launch(run.context(), index);
    if (!launch) return finished(run, index, Phase::failed, launch.error().one_line());
    if (auto prepared = prepare(*launch); !prepared) {
      if (core::is_transient(prepared.error()) || prepared.error().code == Code::resource_exhausted)
        return lost(run, index, prepared.error().one_line());
      return finished(run, index, Phase::failed, prepared.error().one_line());
    }
    auto pod = make_pod(name, run.facts.id, step, run.state.steps[index].attempt, *launch);
    auto created = store_.create(std::move(pod));
    if (!created && created.error().code != Code::already_exists) found = fail(std::move(created).error());
  }
  if (!found) {
    // The store's trouble is ours to wait for; nothing of the step has happened.
    log::warn("workflow", "a step's Pod could not be made; trying again",
              {{"pod", name.text()}, {"error", found.error().one_line()}});
    timers_.insert(world_.loop.after(std::chrono::seconds(1), [this, id = run.facts.id] {
      if (const auto again = runs_.find(id); again != runs_.end()) advance(*again->second);
    }));
    return std::nullopt;
  }
  run.launched.insert(index);
  if (*found) {
    // It was made before a crash, and may have ended meanwhile.
    world_.loop.post([self = self_, name] {
      if (*self == nullptr) return;
      if (const auto pod = (*self)->store_.find(objects::kinds::pod, name); pod && *pod)
        (*self)->pod_changed(**pod, false);
    });
  }
  return std::nullopt;
}

std::optional<Event> Runner::checkout(Run& run, ir::Index index) {
  const auto& submission = run.facts.submission;
  const auto directory = run.dialect().checkout_directory(run.context(), index);
  if (!directory) return finished(run, index, Phase::failed, directory.error().one_line());
  if (options_.source_tree == nullptr || submission.repository.empty() || submission.commit.empty()) {
    return finished(run, index, Phase::failed,
                    "there is no repository to check out: the run was not started from a commit");
  }
  if (auto made = world_.files.make_directories(*directory); !made) return lost(run, index, made.error().one_line());
  run.launched.insert(index);
  const auto attempt = run.state.steps[index].attempt;
  options_.source_tree->checkout(
      submission.repository, submission.commit, *directory,
      [self = self_, id = run.facts.id, index, attempt](core::Result<> result) {
        if (*self == nullptr) return;
        auto& runner = **self;
        const auto found = runner.runs_.find(id);
        if (found == runner.runs_.end()) return;
        auto& checked = *found->second;
        if (checked.state.steps[index].phase != Phase::running || checked.state.steps[index].attempt != attempt) return;
        if (result)
          runner.take(checked, runner.finished(checked, index, Phase::succeeded, ""));
        else if (core::is_transient(result.error()))
          runner.take(checked, runner.lost(checked, index, result.error().one_line()));
        else
          runner.take(checked, runner.finished(checked, index, Phase::failed, result.error().one_line()));
      });
  return std::nullopt;
}

std::optional<Event> Runner::stop(Run& run, ir::Index index) {
  const auto gone = [&] {
    const auto& why = run.state.steps[index].stopping;
    return why.empty() ? finished(run, index, Phase::cancelled, "the run was cancelled")
                       : finished(run, index, Phase::failed, why);
  };
  if (run.graph.steps[index].leaf->runs == ir::Leaf::Runs::checkout) return gone();
  const auto name = pod_of(run, index);
  const auto pod = store_.find(objects::kinds::pod, name);
  if (!pod) return std::nullopt;
  if (!*pod || end_of(**pod)) return gone();
  if (!(*pod)->is_being_deleted()) (void)store_.remove(objects::kinds::pod, name);
  const auto after = store_.find(objects::kinds::pod, name);
  return after && !*after ? std::optional(gone()) : std::nullopt;
}

void Runner::pod_changed(const objects::Object& pod, bool deleted) {
  const auto found = runs_.find(pod.label(run_label));
  if (found == runs_.end()) return;
  auto& run = *found->second;
  const auto index = run.graph.find(pod.annotation(step_annotation));
  if (index == ir::nowhere || run.state.steps[index].phase != Phase::running) return;
  if (pod.label(attempt_label) != std::to_string(run.state.steps[index].attempt)) return;
  if (run.state.cancelling || !run.state.steps[index].stopping.empty()) {
    if (deleted || end_of(pod)) advance(run);
    return;
  }
  if (const auto end = end_of(pod)) {
    ended(run, index, *end);
  } else if (deleted || pod.is_being_deleted()) {
    if (deleted) ended(run, index, {255, true, "its Pod was deleted"});
  }
}

void Runner::ended(Run& run, ir::Index index, const PodEnd& end) {
  if (run.storing.contains(index)) return;  // seen already
  const auto text = save_log(run, index);
  if (end.lost) return take(run, lost(run, index, end.message));
  const StepExit exit{end.exit_code, last_line(text)};
  auto outputs = run.dialect().collect(run.context(), index, exit, world_.files);
  if (!outputs || !has_artifacts(*outputs)) return collected(run, index, end, exit, std::move(outputs));
  // They may be as large as models: read beside the loop.
  run.storing.insert(index);
  tasks_.run([&files = world_.files, &blobs = blobs_, outputs = std::move(*outputs)](
                 std::stop_token stop) mutable { return store_artifacts(std::move(outputs), files, blobs, stop); },
             [this, id = run.facts.id, index, attempt = run.state.steps[index].attempt, end,
              exit](core::Result<Value> stored) {
               const auto found = runs_.find(id);
               if (found == runs_.end()) return;
               auto& stepping = *found->second;
               if (stepping.state.steps[index].attempt != attempt || stepping.storing.erase(index) == 0) return;
               if (stepping.state.steps[index].phase != Phase::running) return;
               collected(stepping, index, end, exit, std::move(stored));
             });
}

void Runner::collected(Run& run, ir::Index index, const PodEnd& end, const StepExit& exit,
                       core::Result<Value> outputs) {
  if (exit.code != 0) {
    auto message = "exit code " + std::to_string(exit.code);
    if (!end.message.empty())
      message += ": " + end.message;
    else if (!exit.log_tail.empty())
      message += ": " + exit.log_tail;
    return take(run, failed(run, index, message, outputs ? std::move(*outputs) : Value()));
  }
  if (!outputs) return take(run, failed(run, index, outputs.error().one_line(), Value()));
  auto done = finished(run, index, Phase::succeeded, "");
  done.outputs = std::move(*outputs);
  std::vector<CacheEntry> cache;
  if (const auto key = run.dialect().cache_key(run.context(), index); !key.is_null()) {
    cache.push_back(
        {core::Digest::of(core::doc::render_json_canonical(key)).hex(), run.facts.id, done.step, done.outputs});
  }
  take(run, std::move(done), cache);
}

void Runner::take(Run& run, Event event, const std::vector<CacheEntry>& cache) {
  if (auto result = commit(run, {event}, cache); !result) return try_again(run, result.error());
  advance(run);
  // A slot is free; others may wait for it.
  std::vector<std::string> waiting;
  for (const auto& [id, other] : runs_) {
    if (other.get() != &run && !is_finished(other->state.phase) && !other->state.ready.empty()) waiting.push_back(id);
  }
  for (const auto& id : waiting) {
    if (const auto found = runs_.find(id); found != runs_.end()) advance(*found->second);
  }
}

std::string Runner::save_log(Run& run, ir::Index index) {
  if (options_.log_source == nullptr) return "";
  auto text = options_.log_source->log(pod_of(run, index));
  if (!text) return "";
  const auto path =
      run.facts.attempt_directory(run.graph.steps[index].key, run.state.steps[index].attempt) + "/log.txt";
  if (auto written = world_.files.write_atomic(path, *text); !written) {
    log::warn("workflow", "a step's log could not be kept", {{"path", path}, {"error", written.error().one_line()}});
  }
  return std::move(*text);
}

core::Result<std::string> Runner::step_log(Run& run, ir::Index index) {
  const auto& state = run.state.steps[index];
  if (state.attempt == 0) return std::string();
  const auto path = run.facts.attempt_directory(run.graph.steps[index].key, state.attempt) + "/log.txt";
  if (is_finished(state.phase) && world_.files.exists(path)) return world_.files.read(path);
  if (options_.log_source == nullptr || run.graph.steps[index].leaf->runs == ir::Leaf::Runs::checkout)
    return std::string();
  auto text = options_.log_source->log(pod_of(run, index));
  if (!text && text.error().code == Code::not_found) return std::string();
  return text;
}

}  // namespace slipway::workflow
