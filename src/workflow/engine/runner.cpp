// Runs: loading, submitting, and the loop that commits decisions and acts on them. What is decided is in decisions.cpp,
// what is done about Pods and files in effects.cpp.

#include "workflow/engine/runner.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::workflow {
namespace {

constexpr std::size_t finished_in_memory = 200;
constexpr core::Duration commit_retry = std::chrono::seconds(1);

// The file's own name for itself, as far as it can be read.
std::string name_in(const Submission& submission) {
  const auto documents = core::doc::parse_yaml_all(submission.text, submission.source_name);
  const auto name = documents && !documents->empty() ? (*documents)[0]["name"].string_or("") : std::string();
  return name.empty() ? submission.source_name : name;
}

// Every other run ends after its outermost group did.
bool was_refused(const std::vector<Event>& events) {
  return events.size() > 1 && events[1].type == Event::Type::run_finished;
}

// The graph of a file that has none.
ir::Graph nothing_to_do(const RunRecord& record) {
  ir::Graph graph;
  graph.dialect = record.dialect == ir::name_of(ir::DialectName::kfp) ? ir::DialectName::kfp : ir::DialectName::actions;
  graph.name = record.workflow;
  graph.add({}, ir::nowhere);
  return graph;
}

}  // namespace

Runner::Runner(core::World& world, Journal& journal, objects::Store& store, storage::BlobStore& blobs,
               core::EventSink& events, const EngineOptions& options)
    : world_(world),
      journal_(journal),
      store_(store),
      blobs_(blobs),
      events_(events),
      options_(options),
      tasks_(world.background) {}

Runner::~Runner() {
  *self_ = nullptr;
  for (const auto& [id, run] : runs_) {
    if (run->timer != 0) world_.loop.cancel(run->timer);
  }
  for (const auto timer : timers_) world_.loop.cancel(timer);
}

core::Result<> Runner::start() {
  TRY(world_.files.make_directories(options_.directory));
  for (const auto& ns : {options_.kfp_namespace, options_.actions_namespace}) {
    auto made = store_.create(objects::Object::make(objects::kinds::namespace_, {"", ns}));
    if (!made && made.error().code != Code::already_exists) return fail(std::move(made).error());
  }
  TRY_ASSIGN(const auto unfinished, journal_.unfinished());
  for (const auto& id : unfinished) {
    auto run = load(id);
    if (!run) {
      log::error("workflow", "a run cannot be carried on", {{"run", id}, {"error", run.error().one_line()}});
      continue;
    }
    runs_[id] = std::move(*run);
  }
  // Pods of finished runs that a former process did not come to remove.
  TRY_ASSIGN(const auto selector, objects::LabelSelector::parse(run_label));
  TRY_ASSIGN(const auto pods, store_.list(objects::kinds::pod, {.labels = selector}));
  std::set<std::string> left;
  for (const auto& pod : pods.items) left.insert(pod.label(run_label));
  for (const auto& id : left) {
    if (!runs_.contains(id)) remove_pods_later(id, options_.keep_pods);
  }
  TRY_ASSIGN(watch_, store_.watch(objects::kinds::pod, pods.resource_version, [this](const objects::WatchEvent& event) {
    if (event.type != objects::EventType::bookmark)
      pod_changed(event.object, event.type == objects::EventType::deleted);
  }));
  for (const auto& id : unfinished) {
    if (const auto found = runs_.find(id); found != runs_.end()) advance(*found->second);
  }
  return {};
}

core::Result<Run*> Runner::submit(Submission submission) {
  TRY_ASSIGN(auto graph, lower(submission.text, submission.source_name, submission.dialect));
  TRY_ASSIGN(submission.parameters, dialect_of(graph.dialect).bind_parameters(graph, submission.parameters));
  if (graph.name.empty()) graph.name = submission.source_name;
  RunRecord record;
  record.workflow = graph.name;
  record.dialect = std::string(ir::name_of(graph.dialect));
  record.created = world_.clock.now();
  TRY_ASSIGN(record.text, blobs_.put(submission.text));
  record.submission = std::move(submission);
  Event created;
  created.at = record.created;
  TRY_ASSIGN(const bool is_new, enroll(record, {created}));
  if (!is_new) return find(record.id);
  auto run = load(record.id);
  if (!run) return fail(std::move(run).error());
  TRY_ASSIGN(auto* kept, keep(std::move(*run)));
  events_.record(
      {.actor = kept->facts.submission.actor.empty() ? "slipway/workflow-engine" : kept->facts.submission.actor,
       .action = "run-started",
       .object = "Run " + record.id,
       .digest = record.text.text(),
       .detail = record.workflow + " #" + std::to_string(record.number) +
                 (record.submission.commit.empty()
                      ? ""
                      : " of " + record.submission.repository + "@" + record.submission.commit.substr(0, 7))});
  // The caller gets its answer first; the run goes on from the loop.
  world_.loop.post([self = self_, id = record.id] {
    if (*self == nullptr) return;
    if (const auto found = (*self)->runs_.find(id); found != (*self)->runs_.end()) (*self)->advance(*found->second);
  });
  return kept;
}

// A run that ends before its first step began.
core::Result<Run*> Runner::refuse(Submission submission, const Error& why) {
  RunRecord record;
  record.workflow = name_in(submission);
  record.dialect = submission.dialect.empty() ? std::string(ir::name_of(ir::DialectName::actions)) : submission.dialect;
  record.created = world_.clock.now();
  TRY_ASSIGN(record.text, blobs_.put(submission.text));
  record.submission = std::move(submission);
  Event created;
  created.at = record.created;
  Event finished;
  finished.type = Event::Type::run_finished;
  finished.at = record.created;
  finished.phase = Phase::failed;
  finished.message = why.one_line();
  TRY_ASSIGN(const bool is_new, enroll(record, {created, finished}));
  if (!is_new) return find(record.id);
  auto run = load(record.id);
  if (!run) return fail(std::move(run).error());
  TRY_ASSIGN(auto* kept, keep(std::move(*run)));
  const auto& of = record.submission;
  events_.record({.actor = "slipway/workflow-engine",
                  .action = "refused",
                  .object = of.commit.empty() ? "Run " + record.id
                                              : of.repository + "@" + of.commit.substr(0, 7) + ":" + of.source_name,
                  .digest = record.text.text(),
                  .detail = finished.message});
  world_.loop.post([self = self_, id = record.id] {
    if (*self == nullptr) return;
    auto& runner = **self;
    if (auto found = runner.find(id)) {
      for (const auto& callback : runner.on_finished) callback(**found);
    }
  });
  return kept;
}

core::Result<bool> Runner::enroll(RunRecord& record, const std::vector<Event>& first) {
  const auto label = core::to_dns_label(record.workflow);
  const std::string key = record.submission.idempotency_key;
  for (int attempt = 0;; attempt++) {
    const std::string unique =
        key.empty() ? world_.random.hex(16) : record.submission.actor + " " + key + std::to_string(attempt);
    record.id = label.substr(0, 40) + "-" + core::short_hash(unique).substr(0, 5);
    if (!key.empty()) {
      if (auto former = journal_.get(record.id); former && former->submission.idempotency_key == key) {
        record = std::move(*former);
        return false;
      }
    }
    auto written = journal_.create(record, first);
    if (written) {
      record = std::move(*written);
      return true;
    }
    if (written.error().code != Code::conflict || attempt == 5) return fail(std::move(written).error());
  }
}

core::Result<std::unique_ptr<Run>> Runner::load(const std::string& id) {
  auto run = std::make_unique<Run>();
  TRY_ASSIGN(run->record, journal_.get(id));
  TRY_ASSIGN(const auto events, journal_.events(id));
  auto& submission = run->record.submission;
  if (was_refused(events)) {
    run->graph = nothing_to_do(run->record);
  } else {
    TRY_ASSIGN(auto text, blobs_.get(run->record.text));
    TRY_ASSIGN(run->graph, lower(text, submission.source_name, run->record.dialect));
  }
  run->facts.id = id;
  run->facts.number = run->record.number;
  run->facts.directory = options_.directory + "/" + id;
  run->facts.created = run->record.created;
  run->facts.submission = submission;
  run->facts.python = options_.python;
  run->facts.runtime_directory = options_.runtime_directory;
  run->facts.environment = options_.environment;
  if (run->graph.dialect == ir::DialectName::kfp) {
    for (const auto& [name, value] : submission.environment) run->facts.environment.emplace_back(name, value);
  }
  run->state = initial_state(run->graph);
  for (const auto& event : events) {
    TRY(apply(run->graph, run->state, event));
  }
  run->next_sequence = static_cast<std::int64_t>(events.size()) + 1;
  return run;
}

core::Result<Run*> Runner::keep(std::unique_ptr<Run> run) {
  // Finished runs are only kept because they are looked at again and again.
  if (runs_.size() > finished_in_memory)
    std::erase_if(runs_, [](const auto& entry) { return is_finished(entry.second->state.phase); });
  auto& slot = runs_[run->facts.id];
  slot = std::move(run);
  return slot.get();
}

core::Result<Run*> Runner::find(const std::string& id) {
  if (const auto found = runs_.find(id); found != runs_.end()) return found->second.get();
  auto run = load(id);
  if (!run) return fail(std::move(run).error());
  return keep(std::move(*run));
}

core::Result<> Runner::cancel(const std::string& id) {
  TRY_ASSIGN(auto* run, find(id));
  if (is_finished(run->state.phase))
    return fail(Code::failed_precondition,
                "run " + id + " has finished already: " + std::string(name_of(run->state.phase)));
  if (run->state.cancelling) return {};
  TRY(commit(*run, {event(Event::Type::run_cancelling, *run, ir::root)}));
  world_.loop.post([self = self_, id] {
    if (*self == nullptr) return;
    if (const auto found = (*self)->runs_.find(id); found != (*self)->runs_.end()) (*self)->advance(*found->second);
  });
  return {};
}

void Runner::advance(Run& run) {
  if (advancing_) return;  // an effect ended at once; the loop below sees it
  advancing_ = true;
  std::optional<Error> problem;
  while (!problem) {
    const auto before = run.next_sequence;
    auto decisions = timeouts(run);
    int free_slots = options_.max_parallel - running_leaves();
    for (const auto& command : due(run.state)) {
      std::optional<Event> decision;
      switch (command.kind) {
        case Command::Kind::consider:
          decision = consider(run, command.step, free_slots);
          break;
        case Command::Kind::close:
          decision = close(run, command.step);
          break;
        case Command::Kind::finish:
          decision = finish(run);
          break;
        case Command::Kind::execute:
          decision = execute(run, command.step);
          break;
        case Command::Kind::stop:
          decision = stop(run, command.step);
          break;
      }
      if (decision) decisions.push_back(std::move(*decision));
    }
    if (decisions.empty() && run.next_sequence == before) break;  // an act may have ended at once and committed that
    if (decisions.empty()) continue;
    if (auto result = commit(run, decisions); !result) problem = std::move(result).error();
  }
  advancing_ = false;
  if (problem) {
    try_again(run, *problem);
  } else {
    wake_at(run);
  }
}

core::Result<> Runner::commit(Run& run, const std::vector<Event>& events, const std::vector<CacheEntry>& cache) {
  auto phase = run.state.phase;
  for (const auto& event : events) {
    if (event.type == Event::Type::run_finished) phase = event.phase;
  }
  TRY(journal_.append(run.facts.id, run.next_sequence, events, phase, cache));
  run.next_sequence += static_cast<std::int64_t>(events.size());
  for (const auto& event : events) {
    TRY(apply(run.graph, run.state, event));
    committed(run, event);
  }
  return {};
}

void Runner::committed(Run& run, const Event& event) {
  const auto index = event.step.empty() ? ir::root : run.graph.find(event.step);
  if (event.type == Event::Type::step_retried || event.type == Event::Type::step_finished) {
    run.launched.erase(index);
    run.storing.erase(index);
  }
  const auto seconds = [](core::Time from, core::Time to) { return std::chrono::duration<double>(to - from).count(); };
  if (event.type == Event::Type::step_finished && !run.graph.steps[index].is_group() && event.phase != Phase::skipped) {
    const auto& step = run.state.steps[index];
    events_.record({.actor = "slipway/workflow-engine",
                    .action = "step-finished",
                    .object = "Run " + run.facts.id,
                    .detail = run.graph.steps[index].key + " (" + run.graph.steps[index].name +
                              "): " + std::string(name_of(event.outcome)) + (event.cached ? ", from the cache" : "") +
                              (event.message.empty() ? "" : ": " + event.message),
                    .seconds = step.started ? seconds(*step.started, event.at) : -1});
  }
  if (event.type != Event::Type::run_finished) return;
  run.record.phase = event.phase;
  events_.record({.actor = "slipway/workflow-engine",
                  .action = "run-finished",
                  .object = "Run " + run.facts.id,
                  .detail = run.record.workflow + " #" + std::to_string(run.record.number) + ": " +
                            std::string(name_of(event.phase)) + (event.message.empty() ? "" : ": " + event.message),
                  .seconds = seconds(run.record.created, event.at)});
  remove_pods_later(run.facts.id, options_.keep_pods);
  world_.loop.post([self = self_, id = run.facts.id] {
    if (*self == nullptr) return;
    auto& runner = **self;
    if (auto found = runner.find(id)) {
      for (const auto& callback : runner.on_finished) callback(**found);
    }
    // Its slots are free for the others.
    std::vector<std::string> waiting;
    for (const auto& [other, each] : runner.runs_) {
      if (!is_finished(each->state.phase)) waiting.push_back(other);
    }
    for (const auto& other : waiting) runner.advance(*runner.runs_.at(other));
  });
}

void Runner::try_again(Run& run, const Error& error) {
  // Nothing was decided: the state is that of the journal. What was seen of Pods is looked at again.
  log::warn("workflow", "a decision could not be committed; trying again",
            {{"run", run.facts.id}, {"error", error.one_line()}});
  run.launched.clear();
  if (run.timer != 0) world_.loop.cancel(run.timer);
  run.timer = world_.loop.after(commit_retry, [this, &run] {
    run.timer = 0;
    advance(run);
  });
}

void Runner::wake_at(Run& run) {
  if (run.timer != 0) world_.loop.cancel(run.timer);
  run.timer = 0;
  std::optional<core::Time> next;
  const auto consider_time = [&](core::Time at) {
    if (!next || at < *next) next = at;
  };
  const auto now = world_.clock.now();
  for (const auto index : run.state.ready) {
    if (run.state.steps[index].not_before > now) consider_time(run.state.steps[index].not_before);
  }
  for (const auto index : run.state.active) {
    if (!run.state.steps[index].stopping.empty() || run.storing.contains(index)) continue;
    for (auto at = index; at != ir::nowhere; at = run.graph.steps[at].parent) {
      const auto& state = run.state.steps[at];
      const auto begin = at == index ? std::optional(state.attempt_started) : state.started;
      if (run.graph.steps[at].timeout.count() > 0 && begin) consider_time(*begin + run.graph.steps[at].timeout);
    }
  }
  if (!next || is_finished(run.state.phase)) return;
  run.timer = world_.loop.after(std::max(*next - now, core::Duration(1000)), [this, &run] {
    run.timer = 0;
    advance(run);
  });
}

int Runner::running_leaves() const {
  int count = 0;
  for (const auto& [id, run] : runs_) {
    if (!is_finished(run->state.phase)) count += static_cast<int>(run->state.active.size());
  }
  return count;
}

objects::Name Runner::pod_of(const Run& run, ir::Index step) const {
  const auto& ns = run.graph.dialect == ir::DialectName::kfp ? options_.kfp_namespace : options_.actions_namespace;
  return {ns, pod_name(run.facts.id, run.graph.steps[step].key, run.state.steps[step].attempt)};
}

void Runner::remove_pods_later(const std::string& run, core::Duration delay) {
  auto timer = std::make_shared<core::TimerId>(0);
  *timer = world_.loop.after(delay, [this, run, timer] {
    timers_.erase(*timer);
    remove_pods(run);
  });
  timers_.insert(*timer);
}

void Runner::remove_pods(const std::string& run) {
  const auto selector = objects::LabelSelector::parse(std::string(run_label) + "=" + run);
  if (!selector) return;
  const auto pods = store_.list(objects::kinds::pod, {.labels = *selector});
  if (!pods) return;
  for (const auto& pod : pods->items) {
    if (auto removed = store_.remove(objects::kinds::pod, pod.name());
        !removed && removed.error().code != Code::not_found) {
      log::warn("workflow", "a step's Pod could not be removed",
                {{"pod", pod.name().text()}, {"error", removed.error().one_line()}});
    }
  }
}

}  // namespace slipway::workflow
