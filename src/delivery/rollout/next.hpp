#pragma once
// The rollout's decision: from what is (RolloutView, AnalysisView) to what to do now. Pure and total: the controller
// asks again after every change, and a restart asks with what the store says, so nothing is remembered but Progress.
//
// Held at every instant, whatever fails between two writes:
//   the canary's weight is at most what the steps so far declare, and 0 before the canary was Ready;
//   an abort, a failed analysis and a deadline lead to weight 0 before anything else is done;
//   the revision that users are served from is neither changed nor removed;
//   a weight is believed only when the VirtualService shows it.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "delivery/analysis/measurement.hpp"
#include "delivery/rollout/revision.hpp"
#include "delivery/rollout/spec.hpp"

namespace slipway::delivery::rollout {

enum class Phase { progressing, paused, healthy, degraded };
std::string_view name_of(Phase phase);  // "Progressing"

struct PauseCondition {
  std::string reason;  // CanaryPauseStep | InconclusiveAnalysisRun
  core::Time started_at{};
  bool operator==(const PauseCondition&) const = default;
};
struct WeightStep {
  int weight = 0;
  core::Time entered_at{};
  bool operator==(const WeightStep&) const = default;
};

// What a Rollout's status keeps: all that survives a restart.
struct Progress {
  Phase phase = Phase::progressing;
  std::string message;
  std::string stable_hash;   // status.stableRS; "" before the first revision was Ready
  std::string current_hash;  // status.currentPodHash: the revision that the fields below are about
  int step = 0;              // status.currentStepIndex; the number of steps when all are done
  std::string step_hash;
  bool abort = false;  // set by `abort`, by a person through the API, or by the decision
  std::string abort_reason;
  bool promote_full = false;      // skip what is left
  bool controller_pause = false;  // with no pause_conditions: somebody resumed (as the argo command line does it)
  std::vector<PauseCondition> pause_conditions;
  int attempt = 0;             // counts starts, so that AnalysisRuns of two attempts have different names
  int background_attempt = 0;  // counts resumes after an inconclusive background analysis
  std::optional<core::Time> started_at, step_entered_at, waiting_since, aborted_at, detected_at, restored_at,
      finished_at;
  std::vector<WeightStep> steps;
  bool operator==(const Progress&) const = default;
};

// What the data plane's objects show now.
struct TrafficView {
  bool is_readable = false;              // VirtualService and DestinationRule exist and have the named parts
  std::string problem;                   // why not
  std::optional<int> canary_weight;      // nullopt: the routes do not agree
  std::string canary_hash, stable_hash;  // of the subsets
};

struct RolloutView {
  std::string name;
  Spec spec;
  std::string template_hash;  // of the workload now; "" when it does not exist
  std::string template_version;
  std::string template_digest;  // of its weights, for the timeline
  int template_replicas = 1;
  std::vector<Revision> revisions;  // the children that exist
  TrafficView traffic;
  Progress progress;

  const Revision* find(const std::string& hash) const;
};

struct AnalysisState {
  std::string name;
  analysis::Phase phase = analysis::Phase::pending;
  std::string message;
  bool has_evidence = false;
  std::optional<core::Time> completed_at;
};
// The AnalysisRuns of this rollout that exist.
struct AnalysisView {
  std::vector<AnalysisState> runs;
  const AnalysisState* find(const std::string& name) const;
};

// --- what to do; each is idempotent ---
struct MakeRevision {
  std::string hash;
};  // from the template as it is now; also puts its replicas right
struct SetSubset {
  bool canary = false;
  std::string hash;
};
struct SetCanaryWeight {
  int percent = 0;
};
struct StartAnalysis {
  std::string name;
  const AnalysisRequest* request = nullptr;
};  // points into the view's spec
struct RetireRevision {
  std::string hash;
  core::Time at{};
};
struct KeepRevision {
  std::string hash;
};
struct RemoveRevision {
  std::string hash;
};
using Action =
    std::variant<MakeRevision, SetSubset, SetCanaryWeight, StartAnalysis, RetireRevision, KeepRevision, RemoveRevision>;

struct Happening {
  std::string action, detail;  // for the timeline
  double seconds = -1;
};

struct Decision {
  std::vector<Action> actions;        // in this order; stop at the first that fails
  Progress progress;                  // to be written once all actions succeeded
  std::vector<std::string> analyses;  // the AnalysisRuns that may go on; all others are told to stop
  std::vector<Happening> happened;    // recorded once the progress is written
  std::optional<core::Duration> again_after;
};

Decision next(const RolloutView& view, const AnalysisView& analyses, core::Time now);

}  // namespace slipway::delivery::rollout
