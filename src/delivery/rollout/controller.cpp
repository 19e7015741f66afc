#include "delivery/rollout/controller.hpp"

#include "core/log.hpp"
#include "delivery/rollout/actions.hpp"
#include "delivery/rollout/evidence.hpp"
#include "delivery/rollout/routes.hpp"
#include "delivery/rollout/status.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::rollout {
namespace {
using core::doc::Value;
using objects::Name;
using objects::Object;
using objects::Outcome;
namespace kinds = objects::kinds;

constexpr core::Duration evidence_interval = std::chrono::seconds(5);
constexpr core::Duration evidence_after_rollback =
    std::chrono::seconds(15);  // scrapes of the last bad requests arrive late

Result<TrafficView> look_at_traffic(objects::Store& store, const std::string& ns, const Routing& routing) {
  TrafficView view;
  TRY_ASSIGN(const auto service, store.find(kinds::virtual_service, {ns, routing.virtual_service}));
  TRY_ASSIGN(const auto rule, store.find(kinds::destination_rule, {ns, routing.destination_rule}));
  if (!service) view.problem = "waits for VirtualService " + ns + "/" + routing.virtual_service;
  if (!rule) view.problem = "waits for DestinationRule " + ns + "/" + routing.destination_rule;
  if (!service || !rule) return view;
  auto weight = canary_weight(service->document(), routing);
  auto canary = subset_hash(rule->document(), routing.canary_subset);
  auto stable = subset_hash(rule->document(), routing.stable_subset);
  if (!weight) {
    view.problem = weight.error().one_line();
  } else if (!canary) {
    view.problem = canary.error().one_line();
  } else if (!stable) {
    view.problem = stable.error().one_line();
  } else {
    view = {true, "", *weight, *canary, *stable};
  }
  return view;
}

AnalysisState state_of(const Object& run) {
  AnalysisState state;
  state.name = run.name().name;
  state.phase = analysis::phase_from(run.status()["phase"].string_or(""));
  state.message = run.status()["message"].string_or("");
  std::vector<analysis::MetricState> metrics;
  if (run.status()["metricResults"].is_array()) {
    for (const auto& raw : run.status()["metricResults"].as_array())
      metrics.push_back(analysis::state_from_status(raw));
  }
  state.has_evidence = analysis::has_evidence(metrics);
  if (auto at = core::parse_rfc3339(run.status()["completedAt"].string_or(""))) state.completed_at = *at;
  return state;
}
}  // namespace

struct RolloutController::State {
  core::World& world;
  objects::Store& store;
  core::EventSink& events;
  EvidenceCollector evidence;
  std::unique_ptr<objects::Controller> controller;
  std::map<Name, core::Time> evidence_asked_at;

  Result<RolloutView> look(const Object& rollout, const Spec& spec) {
    const Name name = rollout.name();
    RolloutView view;
    view.name = name.name;
    view.spec = spec;
    view.progress = progress_from_status(rollout.status());
    TRY_ASSIGN(const auto workload, store.find(kinds::llm_deployment, {name.ns, spec.workload}));
    if (workload && !workload->is_being_deleted()) {
      view.template_hash = revision_hash(workload->spec());
      view.template_version = workload->spec()["model"]["version"].string_or("");
      const std::string sha256 = workload->spec()["model"]["checksums"]["sha256"].string_or("");
      if (!sha256.empty()) view.template_digest = "sha256:" + sha256;
      view.template_replicas = static_cast<int>(workload->spec()["replicas"].int_or(1));
    }
    TRY_ASSIGN(const auto children, store.list(kinds::llm_deployment, of_rollout(name)));
    for (const auto& child : children.items) {
      if (child.is_owned_by(rollout) && !child.is_being_deleted()) view.revisions.push_back(revision_of(child));
    }
    TRY_ASSIGN(view.traffic, look_at_traffic(store, name.ns, spec.routing));
    return view;
  }

  static objects::ListOptions of_rollout(const Name& name) {
    objects::ListOptions options;
    options.ns = name.ns;
    if (auto selector = objects::LabelSelector::parse(std::string(rollout_label) + "=" + name.name))
      options.labels = *selector;
    return options;
  }

  Result<AnalysisView> look_at_analyses(const Object& rollout) {
    AnalysisView view;
    TRY_ASSIGN(const auto runs, store.list(kinds::analysis_run, of_rollout(rollout.name())));
    for (const auto& run : runs.items) {
      if (run.is_owned_by(rollout)) view.runs.push_back(state_of(run));
    }
    return view;
  }

  Result<> stop_others(const Name& name, const AnalysisView& view, const std::vector<std::string>& wanted) {
    for (const auto& run : view.runs) {
      if (analysis::is_terminal(run.phase) || std::find(wanted.begin(), wanted.end(), run.name) != wanted.end())
        continue;
      TRY(modify(store, kinds::analysis_run, {name.ns, run.name}, [](Object& object) {
        if (object.spec()["terminate"].bool_or(false)) return false;
        object.spec().set_path("terminate", Value(true));
        return true;
      }));
    }
    return {};
  }

  void record(const Object& rollout, const Happening& happening, const std::string& digest) {
    core::Event event;
    event.actor = "slipway/rollout-controller";
    event.action = happening.action;
    event.object = rollout.text();
    event.digest = digest;
    event.detail = happening.detail;
    event.seconds = happening.seconds;
    events.record(std::move(event));
  }

  // Says in the status what stands in the way; the progress stays as it was.
  Result<> complain(const Name& name, const Error& error, bool is_spec_invalid) {
    TRY(modify_status(store, kinds::rollout, name, [&](Object& rollout) {
      const std::string message = (is_spec_invalid ? "InvalidSpec: " : "") + error.one_line();
      const Value before = rollout.status();
      rollout.status().set_path("message", Value(message));
      if (is_spec_invalid) rollout.status().set_path("phase", Value("Degraded"));
      rollout.set_condition("InvalidSpec", is_spec_invalid ? "True" : "False",
                            is_spec_invalid ? "InvalidSpec" : "Valid", is_spec_invalid ? message : "",
                            world.clock.now());
      return !(rollout.status() == before);
    }));
    return {};
  }

  // One look and one decision. True when something changed, so that another look is due now.
  Result<bool> step(Object rollout, const Spec& spec, Outcome& outcome) {
    const Name name = rollout.name();
    TRY_ASSIGN(const RolloutView view, look(rollout, spec));
    TRY_ASSIGN(const AnalysisView analyses, look_at_analyses(rollout));
    const core::Time now = world.clock.now();
    const Decision decision = next(view, analyses, now);
    for (const auto& action : decision.actions) TRY(carry_out(store, rollout, spec, action));
    TRY(stop_others(name, analyses, decision.analyses));

    const Value before = rollout.status();
    write_status(rollout, view, analyses, decision, evidence_of(rollout, decision.progress), now);
    rollout.set_condition("InvalidSpec", "False", "Valid", "", now);
    const bool changes_status = !(rollout.status() == before);
    if (changes_status) TRY(store.update_status(rollout));
    for (const auto& happening : decision.happened) record(rollout, happening, view.template_digest);
    outcome.again_after = decision.again_after;
    ask_for_evidence(rollout, decision.progress, view, outcome);
    return !decision.actions.empty() || !decision.happened.empty() || !(decision.progress == view.progress);
  }

  static Evidence evidence_of(const Object& rollout, const Progress& progress) {
    const Evidence evidence = evidence_from_status(rollout.status());
    return evidence.attempt == progress.attempt ? evidence : Evidence{};
  }

  void ask_for_evidence(const Object& rollout, const Progress& progress, const RolloutView& view, Outcome& outcome) {
    Evidence known = evidence_of(rollout, progress);
    const core::Time now = world.clock.now();
    const bool is_update =
        !progress.stable_hash.empty() && progress.current_hash != progress.stable_hash && !progress.restored_at;
    const bool is_fresh_end =
        progress.restored_at ? known.has_baseline && now < *progress.restored_at + evidence_after_rollback
                             : known.has_baseline && progress.finished_at && known.measured_at < progress.finished_at;
    if (!is_update && !is_fresh_end) return;
    outcome.again_after = std::min(outcome.again_after.value_or(evidence_interval), evidence_interval);
    const auto asked = evidence_asked_at.find(rollout.name());
    const bool is_last = is_fresh_end && !progress.restored_at;
    if (asked != evidence_asked_at.end() && now < asked->second + evidence_interval && !is_last) return;
    evidence_asked_at[rollout.name()] = now;
    if (!known.has_baseline) {
      known.attempt = progress.attempt;
      known.canary_hash = progress.current_hash;
      known.stable_hash = progress.stable_hash;
      const Revision* stable = view.find(progress.stable_hash);
      known.stable_version = stable != nullptr ? stable->version : "";
      known.canary_version = view.template_version;
    }
    evidence.refresh(rollout.name(), known,
                     [this, name = rollout.name()](const Evidence& fresh) { keep(name, fresh); });
  }

  void keep(const Name& name, const Evidence& fresh) {
    auto written = modify_status(store, kinds::rollout, name, [&](Object& rollout) {
      const Progress progress = progress_from_status(rollout.status());
      if (progress.attempt != fresh.attempt) return false;
      // A long pause without requests is not worth a write each time; the last measurement of a rollout is.
      const Evidence known = evidence_of(rollout, progress);
      const bool is_news = !known.has_baseline || !(known.canary == fresh.canary) || !(known.stable == fresh.stable);
      if (!is_news && !progress.restored_at && !progress.finished_at) return false;
      write_evidence(rollout, fresh);
      return true;
    });
    if (!written && written.error().code != Code::not_found) {
      log::warn("delivery", "evidence was not stored",
                {{"rollout", name.text()}, {"error", written.error().one_line()}});
    }
  }

  std::vector<Name> rollouts_naming(const Object& object, const std::function<bool(const Object& rollout)>& names_it) {
    std::vector<Name> names;
    objects::ListOptions options;
    options.ns = object.name().ns;
    auto rollouts = store.list(kinds::rollout, options);
    if (!rollouts) return names;
    for (const auto& rollout : rollouts->items) {
      if (names_it(rollout)) names.push_back(rollout.name());
    }
    return names;
  }
};

RolloutController::RolloutController(core::World& world, objects::Store& store, core::EventSink& events,
                                     MetricQuery& metrics)
    : state_(std::make_shared<State>(world, store, events, EvidenceCollector(world, metrics))) {}
RolloutController::~RolloutController() = default;

Result<> RolloutController::start() {
  State& state = *state_;
  state.controller = std::make_unique<objects::Controller>(state.world, state.store, "rollout-controller", *this);
  objects::Controller& controller = *state.controller;
  const auto named_by = [&state](std::string path) {
    return [&state, path = std::move(path)](const Object& object) {
      const std::string name = object.name().name;
      return state.rollouts_naming(
          object, [&](const Object& rollout) { return rollout.spec().at_path(path).string_or("") == name; });
    };
  };
  controller.reconciles(kinds::rollout);
  controller.owns(kinds::analysis_run, kinds::rollout);
  controller.watches(kinds::llm_deployment, [&state](const Object& object) {
    if (const std::string owner = object.label(rollout_label); !owner.empty())
      return std::vector<Name>{{object.name().ns, owner}};
    const std::string name = object.name().name;
    return state.rollouts_naming(
        object, [&](const Object& rollout) { return rollout.spec()["workloadRef"]["name"].string_or("") == name; });
  });
  controller.watches(kinds::virtual_service, named_by("strategy.canary.trafficRouting.istio.virtualService.name"));
  controller.watches(kinds::destination_rule, named_by("strategy.canary.trafficRouting.istio.destinationRule.name"));
  return controller.start();
}

Result<Outcome> RolloutController::reconcile(const Name& name) {
  constexpr int most_steps = 32;
  Outcome outcome;
  for (int i = 0; i < most_steps; ++i) {
    TRY_ASSIGN(auto rollout, state_->store.find(kinds::rollout, name));
    if (!rollout || rollout->is_being_deleted()) return Outcome{};
    const auto spec = parse_spec(*rollout);
    if (!spec) {
      TRY(state_->complain(name, spec.error(), true));
      return Outcome{};
    }
    auto changed = state_->step(std::move(*rollout), *spec, outcome);
    if (!changed) {
      const bool is_for_people = !core::is_transient(changed.error()) && changed.error().code != Code::conflict;
      if (is_for_people) TRY(state_->complain(name, changed.error(), false));
      return fail(std::move(changed).error());
    }
    if (!*changed) return outcome;
  }
  log::warn("delivery", "a rollout does not come to rest", {{"rollout", name.text()}});
  outcome.again_after = std::chrono::seconds(1);
  return outcome;
}

Result<> abort(objects::Store& store, core::EventSink& events, const Name& name, const std::string& by,
               const std::string& reason) {
  TRY_ASSIGN(const Object before, store.get(kinds::rollout, name));
  const Progress progress = progress_from_status(before.status());
  if (progress.stable_hash.empty() || progress.current_hash == progress.stable_hash || progress.abort) {
    return fail(Code::failed_precondition,
                before.text() + " has no update to abort; its phase is " + std::string(name_of(progress.phase)),
                progress.stable_hash.empty() ? "its first version has nothing to go back to"
                : progress.abort             ? "the stable version has all traffic again, or is about to"
                                             : "to go back: slipway promote MODEL OLDER --to ENV");
  }
  const auto change = [&](Object& rollout) {
    rollout.status().set_path("abort", Value(true));
    rollout.status().set_path("slipway.abortReason", Value("aborted by " + by + (reason.empty() ? "" : ": " + reason)));
    return true;
  };
  TRY(core::recorded_with(events, {.actor = by, .action = "aborted", .object = before.text(), .detail = reason},
                          [&] { return modify_status(store, kinds::rollout, name, change); }));
  return {};
}

Result<> promote(objects::Store& store, core::EventSink& events, const Name& name, const std::string& by, bool full) {
  TRY_ASSIGN(const Object before, store.get(kinds::rollout, name));
  const Progress progress = progress_from_status(before.status());
  const bool is_update =
      !progress.stable_hash.empty() && progress.current_hash != progress.stable_hash && !progress.abort;
  if (!is_update) return fail(Code::failed_precondition, before.text() + " has no update to promote");
  if (!full && progress.pause_conditions.empty()) {
    return fail(Code::failed_precondition, before.text() + " is not paused: " + progress.message,
                "promote it fully to skip the remaining steps");
  }
  const auto change = [&](Object& rollout) {
    if (full) {
      rollout.status().set_path("promoteFull", Value(true));
    } else {
      rollout.status().as_object().erase("pauseConditions");
    }
    return true;
  };
  TRY(core::recorded_with(events,
                          {.actor = by,
                           .action = full ? "promoted-fully" : "promoted",
                           .object = before.text(),
                           .detail = progress.message},
                          [&] { return modify_status(store, kinds::rollout, name, change); }));
  return {};
}

}  // namespace slipway::delivery::rollout
