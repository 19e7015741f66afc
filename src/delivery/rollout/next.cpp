#include "delivery/rollout/next.hpp"

#include <algorithm>

namespace slipway::delivery::rollout {
namespace {

double seconds_between(std::optional<core::Time> from, core::Time to) {
  return from ? std::chrono::duration<double>(to - *from).count() : -1;
}

// One decision under construction. Methods that return true say "this is all for now".
class Decider {
 public:
  Decider(const RolloutView& view, const AnalysisView& analyses, core::Time now)
      : view_(view), analyses_(analyses), now_(now) {
    decision_.progress = view.progress;
  }

  Decision decide() {
    if (view_.template_hash.empty()) {
      say(Phase::progressing, "waits for LLMDeployment " + view_.spec.workload);
    } else if (p().current_hash != view_.template_hash) {
      change_revision();
    } else if (p().stable_hash.empty()) {
      first_revision();
    } else if (p().current_hash == p().stable_hash) {
      settled();
    } else if (p().abort) {
      roll_back();
    } else {
      update();
    }
    return std::move(decision_);
  }

 private:
  Progress& p() { return decision_.progress; }
  const TrafficView& traffic() const { return view_.traffic; }
  void act(Action action) { decision_.actions.push_back(std::move(action)); }
  void again(core::Duration after) {
    decision_.again_after =
        std::min(decision_.again_after.value_or(core::Duration::max()), std::max(after, core::Duration(0)));
  }
  void say(Phase phase, std::string message) {
    p().phase = phase;
    p().message = std::move(message);
  }
  void happened(std::string action, std::string detail, double seconds = -1) {
    decision_.happened.push_back({std::move(action), std::move(detail), seconds});
  }
  std::string named(const std::string& hash) {
    const Revision* revision = view_.find(hash);
    const std::string version = revision != nullptr           ? revision->version
                                : hash == view_.template_hash ? view_.template_version
                                                              : "";
    return version.empty() ? hash : version;
  }

  // The child runs, with the replicas that the template asks for, and nobody is about to remove it.
  const Revision* ensure(const std::string& hash) {
    const Revision* revision = view_.find(hash);
    const bool is_as_declared = revision != nullptr && revision->replicas == view_.template_replicas;
    if (hash == view_.template_hash && !is_as_declared) act(MakeRevision{hash});
    if (revision != nullptr && revision->retire_at) act(KeepRevision{hash});
    return revision;
  }

  // True once the data plane shows that every request goes to the stable revision. Until then, acts towards it.
  bool is_all_traffic_on_stable() {
    if (!traffic().is_readable) {
      say(p().phase, traffic().problem);
      return false;
    }
    const bool needs_subset = !p().stable_hash.empty() && traffic().stable_hash != p().stable_hash;
    const bool needs_weight = traffic().canary_weight != 0;
    if (needs_subset) act(SetSubset{false, p().stable_hash});
    if (needs_weight) act(SetCanaryWeight{0});
    return !needs_subset && !needs_weight;
  }

  bool is_routed_to(const std::string& hash) {
    return hash == traffic().stable_hash || (hash == traffic().canary_hash && traffic().canary_weight != 0);
  }

  // Children that nobody needs go after a delay, so that requests under way end and a mistake is cheap to undo. What
  // the data plane still routes to stays, whatever we believe.
  void retire_unneeded(bool canary_is_needed, core::Duration delay) {
    if (!traffic().is_readable) return;
    for (const auto& revision : view_.revisions) {
      const bool needed = revision.hash == p().stable_hash || (canary_is_needed && revision.hash == p().current_hash);
      if (needed || is_routed_to(revision.hash)) continue;
      if (!revision.retire_at) {
        act(RetireRevision{revision.hash, now_ + delay});
        again(delay);
      } else if (*revision.retire_at <= now_) {
        act(RemoveRevision{revision.hash});
        happened("revision-removed", named(revision.hash));
      } else {
        again(*revision.retire_at - now_);
      }
    }
  }

  void begin(const std::string& hash) {
    Progress fresh;
    fresh.stable_hash = p().stable_hash;
    fresh.current_hash = hash;
    fresh.step_hash = view_.spec.steps_hash();
    fresh.attempt = p().attempt + 1;
    fresh.started_at = now_;
    fresh.step_entered_at = now_;
    p() = std::move(fresh);
  }

  void change_revision() {
    const bool is_first = p().current_hash.empty();
    const bool is_return = view_.template_hash == p().stable_hash;
    const bool is_restart = !is_first && p().current_hash != p().stable_hash;
    say(Phase::progressing,
        is_return ? "returns to stable " + named(p().stable_hash) : "starts " + named(view_.template_hash));
    // The subset of the old canary must be empty before its name means the new one.
    if (is_restart && !p().stable_hash.empty() && !is_all_traffic_on_stable()) return;
    begin(view_.template_hash);
    if (is_return) {
      p().step = view_.spec.step_count();
      p().restored_at = now_;
      say(Phase::progressing, "returned to stable " + named(p().stable_hash));
      happened("returned-to-stable", named(p().stable_hash));
    } else {
      say(Phase::progressing, "starts " + named(view_.template_hash));
      happened("rollout-started",
               named(view_.template_hash) +
                   (p().stable_hash.empty() ? ", the first revision" : ", stable is " + named(p().stable_hash)));
    }
  }

  // There is nothing to compare with: it serves as soon as it is Ready.
  void first_revision() {
    const Revision* revision = ensure(p().current_hash);
    const std::string name = named(p().current_hash);
    if (revision == nullptr || !revision->is_ready) {
      say(Phase::progressing,
          name + " is not Ready: " + (revision == nullptr ? "it is being made" : revision->message));
      if (is_deadline_over())
        say(Phase::degraded, name + " was not Ready in time: " + (revision == nullptr ? "" : revision->message));
      retire_unneeded(true, view_.spec.scale_down_delay);
      return;
    }
    if (!traffic().is_readable) return say(Phase::progressing, traffic().problem);
    if (point_both_subsets_at(p().current_hash)) return say(Phase::progressing, name + " is Ready; routing to it");
    if (traffic().canary_weight != 0) {
      act(SetCanaryWeight{0});
      return say(Phase::progressing, name + " is Ready; routing to it");
    }
    p().stable_hash = p().current_hash;
    p().step = view_.spec.step_count();
    p().waiting_since.reset();
    p().finished_at = now_;
    say(Phase::healthy, name + " serves all requests");
    happened("promoted", name + " is stable; nothing to compare with", seconds_between(p().started_at, now_));
  }

  bool point_both_subsets_at(const std::string& hash) {
    if (traffic().stable_hash != hash) act(SetSubset{false, hash});
    if (traffic().canary_hash != hash) act(SetSubset{true, hash});
    return traffic().stable_hash != hash || traffic().canary_hash != hash;
  }

  void settled() {
    const Revision* revision = ensure(p().stable_hash);
    p().step = view_.spec.step_count();
    p().abort = p().promote_full = p().controller_pause = false;
    p().pause_conditions.clear();
    const std::string name = named(p().stable_hash);
    if (!traffic().is_readable) return say(Phase::progressing, traffic().problem);
    if (revision == nullptr || !revision->is_ready) {
      return say(Phase::progressing,
                 "stable " + name + " is not Ready: " + (revision == nullptr ? "it is being made" : revision->message));
    }
    // Both subsets resolve, so that a weight someone sets by hand reaches a server.
    const bool moves_subsets = point_both_subsets_at(p().stable_hash);
    if (traffic().canary_weight != 0) act(SetCanaryWeight{0});
    say(Phase::healthy, name + " serves all requests");
    if (moves_subsets || traffic().canary_weight != 0) return;
    if (!p().finished_at) p().finished_at = now_;
    retire_unneeded(true, view_.spec.scale_down_delay);
  }

  void start_abort(std::string reason, core::Time detected_at) {
    decision_.actions.clear();  // nothing comes before the way back
    decision_.analyses.clear();
    p().abort = true;
    p().abort_reason = std::move(reason);
    p().detected_at = detected_at;
    p().pause_conditions.clear();
    p().controller_pause = false;
    happened("abort-decided", p().abort_reason);
    roll_back();
  }

  void roll_back() {
    if (!p().aborted_at) p().aborted_at = now_;
    if (!p().detected_at) p().detected_at = p().aborted_at;
    if (p().abort_reason.empty()) p().abort_reason = "aborted by request";
    if (const Revision* stable = view_.find(p().stable_hash); stable != nullptr && stable->retire_at)
      act(KeepRevision{stable->hash});
    const bool is_back = is_all_traffic_on_stable();
    if (!is_back) {
      return say(Phase::progressing, "rolls back to " + named(p().stable_hash) + ": " + p().abort_reason +
                                         (traffic().is_readable ? "" : "; but " + traffic().problem));
    }
    say(Phase::degraded, "RolloutAborted: " + p().abort_reason);
    p().step = 0;
    p().controller_pause = false;
    p().pause_conditions.clear();
    p().waiting_since.reset();
    if (!p().restored_at) {
      p().restored_at = now_;
      happened("rolled-back", named(p().current_hash) + " to " + named(p().stable_hash) + ": " + p().abort_reason,
               seconds_between(p().detected_at, now_));
    }
    const bool keeps_canary = view_.spec.abort_scale_down_delay.count() == 0;
    retire_unneeded(keeps_canary, view_.spec.abort_scale_down_delay);
  }

  bool is_deadline_over() {
    if (!p().waiting_since) p().waiting_since = now_;
    const core::Time deadline = *p().waiting_since + view_.spec.progress_deadline;
    if (now_ >= deadline) return true;
    again(deadline - now_);
    return false;
  }

  // --- a canary against a stable revision -----------------------------------------------------------------------

  std::string run_name(const std::string& suffix) {
    return view_.name + "-" + p().current_hash + "-" + std::to_string(p().attempt) + "-" + suffix;
  }

  void enter_step(int step) {
    p().step = step;
    p().step_entered_at = now_;
    p().controller_pause = false;
    p().pause_conditions.clear();
    again(core::Duration(0));
  }

  void update() {
    // `retry` cleared the abort: begin again, for what was measured is about another attempt.
    if (p().aborted_at) {
      begin(p().current_hash);
      happened("rollout-started", "again: " + named(p().current_hash));
    }
    if (p().step_hash != view_.spec.steps_hash()) {
      p().step_hash = view_.spec.steps_hash();
      enter_step(0);
      ++p().attempt;
    }
    if (p().promote_full && p().step < view_.spec.step_count()) enter_step(view_.spec.step_count());
    const Revision* canary = ensure(p().current_hash);
    if (const Revision* stable = view_.find(p().stable_hash); stable != nullptr && stable->retire_at)
      act(KeepRevision{stable->hash});
    retire_unneeded(true, view_.spec.scale_down_delay);

    if (check_background(canary)) return;
    if (check_step_analysis()) return;
    if (!traffic().is_readable) {
      say(Phase::progressing, traffic().problem);
      if (is_deadline_over()) start_abort("the traffic could not be split in time: " + traffic().problem, now_);
      return;
    }
    if (canary == nullptr || !canary->is_ready) {
      const std::string why = canary == nullptr ? "it is being made" : canary->message;
      say(Phase::progressing, "waits for " + named(p().current_hash) + " to be Ready: " + why);
      // Before its first weight nothing may reach it, whatever the applied files say.
      if (p().steps.empty() && !is_all_traffic_on_stable()) return;
      if (is_deadline_over())
        start_abort("ProgressDeadlineExceeded: " + named(p().current_hash) + " was not Ready in time: " + why, now_);
      return;
    }
    p().waiting_since.reset();
    if (view_.spec.paused) return say(Phase::paused, "paused by spec.paused");
    if (p().step >= view_.spec.step_count()) return finish();
    const Step& step = view_.spec.steps[static_cast<std::size_t>(p().step)];
    if (!is_declared_weight_shown()) return;
    if (std::holds_alternative<SetWeight>(step)) return weight_reached(std::get<SetWeight>(step).percent);
    if (const auto* pause = std::get_if<Pause>(&step)) return wait(*pause);
    analyse(std::get<AnalysisRequest>(step));
  }

  // Moves the weight to what the steps declare, or back to it when somebody else changed it.
  bool is_declared_weight_shown() {
    const int weight = view_.spec.declared_weight(p().step);
    if (traffic().stable_hash != p().stable_hash) act(SetSubset{false, p().stable_hash});
    if (traffic().canary_hash != p().current_hash) {
      // Requests must not meet the new canary at the old weight.
      if (traffic().canary_weight != 0) act(SetCanaryWeight{0});
      act(SetSubset{true, p().current_hash});
    }
    if (traffic().canary_weight != weight) act(SetCanaryWeight{weight});
    const bool shown = traffic().stable_hash == p().stable_hash && traffic().canary_hash == p().current_hash &&
                       traffic().canary_weight == weight;
    if (!shown) say(Phase::progressing, "sends " + std::to_string(weight) + " % to " + named(p().current_hash));
    return shown;
  }

  void weight_reached(int weight) {
    p().steps.push_back({weight, now_});
    say(Phase::progressing, named(p().current_hash) + " gets " + std::to_string(weight) + " %");
    happened("weight-set", named(p().current_hash) + " gets " + std::to_string(weight) + " %",
             seconds_between(p().step_entered_at, now_));
    enter_step(p().step + 1);
  }

  void pause_for(const std::string& reason, const std::string& message) {
    if (!p().controller_pause) happened("paused", message);
    p().controller_pause = true;
    if (p().pause_conditions.empty()) p().pause_conditions.push_back({reason, now_});
    say(Phase::paused, message);
  }
  bool was_resumed() { return p().controller_pause && p().pause_conditions.empty(); }

  void wait(const Pause& pause) {
    const std::string at = " at " + std::to_string(view_.spec.declared_weight(p().step)) + " %";
    if (was_resumed()) {
      happened("resumed", named(p().current_hash) + at);
      return enter_step(p().step + 1);
    }
    if (!pause.duration || pause.duration->count() == 0) {
      return pause_for("CanaryPauseStep",
                       "CanaryPauseStep: " + named(p().current_hash) + at + ", until somebody promotes");
    }
    const core::Time end = p().step_entered_at.value_or(now_) + *pause.duration;
    if (now_ >= end) return enter_step(p().step + 1);
    p().controller_pause = true;
    if (p().pause_conditions.empty()) p().pause_conditions.push_back({"CanaryPauseStep", now_});
    say(Phase::paused,
        "CanaryPauseStep: " + named(p().current_hash) + at + " for " + core::render_go_duration(*pause.duration));
    again(end - now_);
  }

  void analyse(const AnalysisRequest& request) {
    if (was_resumed()) {
      happened("resumed", "past the inconclusive analysis");
      return enter_step(p().step + 1);
    }
    const std::string name = run_name(std::to_string(p().step));
    const AnalysisState* run = analyses_.find(name);
    if (run == nullptr) {
      decision_.analyses.push_back(name);
      act(StartAnalysis{name, &request});
      return say(Phase::progressing, "starts analysis " + name);
    }
    switch (run->phase) {
      case analysis::Phase::successful:
        happened("analysis-passed", text_of(Step(request)), seconds_between(p().step_entered_at, now_));
        return enter_step(p().step + 1);
      case analysis::Phase::inconclusive:
        return pause_for("InconclusiveAnalysisRun", "InconclusiveAnalysisRun: " + run->message);
      default:
        return say(Phase::progressing, "analyses at " + std::to_string(view_.spec.declared_weight(p().step)) + " %" +
                                           (run->message.empty() ? "" : ": " + run->message));
    }
  }

  // What the step has begun to measure goes on while its canary restarts or its weight is put right: cut short, a few
  // successes would pass for all of them. A failure counts at once. True: it decided.
  bool check_step_analysis() {
    if (p().step >= view_.spec.step_count()) return false;
    if (!std::holds_alternative<AnalysisRequest>(view_.spec.steps[static_cast<std::size_t>(p().step)])) return false;
    const AnalysisState* run = analyses_.find(run_name(std::to_string(p().step)));
    if (run == nullptr) return false;
    decision_.analyses.push_back(run->name);
    if (run->phase != analysis::Phase::failed && run->phase != analysis::Phase::error) return false;
    start_abort(run->message, run->completed_at.value_or(now_));
    return true;
  }

  // Runs beside the steps and may end the update at any of them. True: it decided.
  bool check_background(const Revision* canary) {
    if (!view_.spec.background || p().step < view_.spec.background->starting_step || p().steps.empty()) return false;
    if (p().promote_full) return false;
    std::string name = run_name("bg" + std::to_string(p().background_attempt));
    const AnalysisState* run = analyses_.find(name);
    if (run != nullptr && run->phase == analysis::Phase::inconclusive && was_resumed()) {
      ++p().background_attempt;
      enter_step(p().step);
      name = run_name("bg" + std::to_string(p().background_attempt));
      run = analyses_.find(name);
    }
    decision_.analyses.push_back(name);
    if (run == nullptr) {
      if (canary != nullptr && canary->is_ready) act(StartAnalysis{name, &view_.spec.background->request});
      return false;
    }
    if (run->phase == analysis::Phase::failed || run->phase == analysis::Phase::error) {
      start_abort(run->message, run->completed_at.value_or(now_));
      return true;
    }
    if (run->phase == analysis::Phase::inconclusive) {
      pause_for("InconclusiveAnalysisRun", "InconclusiveAnalysisRun: " + run->message);
      return true;
    }
    return false;
  }

  bool lacks_background_evidence() {
    if (!view_.spec.background || p().promote_full || p().steps.empty()) return false;
    if (p().step < view_.spec.background->starting_step) return false;
    const AnalysisState* run = analyses_.find(run_name("bg" + std::to_string(p().background_attempt)));
    return run == nullptr || (run->phase != analysis::Phase::successful && !run->has_evidence);
  }

  // Each write leaves a routing that serves: all to the canary's subset; then stable's name means the new revision;
  // then all to stable's subset; only then is the old one let go.
  void finish() {
    const std::string name = named(p().current_hash);
    const bool has_moved = traffic().stable_hash == p().current_hash;
    if (!has_moved && lacks_background_evidence()) {
      (void)is_declared_weight_shown_before_the_end();
      return say(Phase::progressing, "HOLD: the background analysis has no data to promote on");
    }
    if (!has_moved) {
      if (!is_declared_weight_shown()) return;
      act(SetSubset{false, p().current_hash});
      return say(Phase::progressing, "makes " + name + " stable");
    }
    if (traffic().canary_weight != 0) {
      act(SetCanaryWeight{0});
      return say(Phase::progressing, "makes " + name + " stable");
    }
    const std::string old = named(p().stable_hash);
    p().stable_hash = p().current_hash;
    p().finished_at = now_;
    p().promote_full = false;
    say(Phase::healthy, name + " serves all requests");
    happened("promoted", name + " replaces " + old, seconds_between(p().started_at, now_));
    again(core::Duration(0));
  }

  // While it holds, the weight stays at the last declared step.
  bool is_declared_weight_shown_before_the_end() {
    const int weight = view_.spec.declared_weight(view_.spec.step_count() - 1);
    if (view_.spec.steps.empty() || traffic().canary_weight == weight) return true;
    act(SetCanaryWeight{weight});
    return false;
  }

  const RolloutView& view_;
  const AnalysisView& analyses_;
  core::Time now_;
  Decision decision_;
};
}  // namespace

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::progressing:
      return "Progressing";
    case Phase::paused:
      return "Paused";
    case Phase::healthy:
      return "Healthy";
    case Phase::degraded:
      return "Degraded";
  }
  return "Progressing";
}

const Revision* RolloutView::find(const std::string& hash) const {
  const auto found =
      std::find_if(revisions.begin(), revisions.end(), [&](const Revision& revision) { return revision.hash == hash; });
  return found == revisions.end() ? nullptr : &*found;
}

const AnalysisState* AnalysisView::find(const std::string& name) const {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const AnalysisState& run) { return run.name == name; });
  return found == runs.end() ? nullptr : &*found;
}

Decision next(const RolloutView& view, const AnalysisView& analyses, core::Time now) {
  return Decider(view, analyses, now).decide();
}

}  // namespace slipway::delivery::rollout
