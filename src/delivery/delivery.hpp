#pragma once
// The door of delivery: takes a version into an environment. Promotions (gates, approvals, manifests), Rollouts (a
// canary that shifts weights step by step) and AnalysisRuns (measurements that decide). It writes objects and reads
// what its neighbours make of them; it starts no process and keeps nothing that is not in the object store.
//
//   Delivery delivery({world, store, events, metrics, versions, manifests}, options);
//   TRY(delivery.start());
//
// Thread: the control loop only.

#include <memory>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "delivery/sources.hpp"
#include "objects/store.hpp"

namespace slipway::delivery {

// References outlive the Delivery.
struct Parts {
  core::World& world;
  objects::Store& store;
  core::EventSink& events;
  MetricQuery& metrics;
  VersionSource& versions;
  ManifestSource& manifests;
};

struct Options {
  // Where smoke tests go: "http://127.0.0.1:8081"; empty while the gateway is not up (the smoke test waits).
  std::function<std::string()> gateway_url;
  // An analysis that has seen no data for this long is Inconclusive; the AnalysisTemplate's annotation
  // slipway.dev/no-data-timeout overrides it.
  core::Duration no_data_timeout = std::chrono::minutes(5);
};

// Who asks, as team/ authenticated them.
struct Principal {
  std::string name;  // "linus@example.com"
  std::vector<std::string> roles;
};

struct PromotionRequest {
  std::string model, version, environment;
  std::string commit, repository;  // empty: the version's own
  std::string reason;
  std::string idempotency_key;  // the same caller's request with the same key gets the same Promotion; empty: a new one
};

class Delivery {
 public:
  Delivery(Parts parts, Options options = {});
  ~Delivery();
  Result<> start();

  // --- for the API; each records an event with the principal as actor ---

  // Refuses unknown environments and versions before anything is stored; already_exists while the same is in progress,
  // failed_precondition when it serves already (both: promotion/queue.hpp). Returns the Promotion, phase Pending.
  Result<objects::Object> create_promotion(const PromotionRequest& request, const Principal& by);
  // failed_precondition unless it waits for approval; conflict when `subject` is neither the current one nor its
  // beginning (12 digits or more);
  // permission_denied for the wrong role or the requester; already_exists for a second approval by one person.
  Result<objects::Object> approve(const objects::Name& promotion, const Principal& by, const std::string& subject,
                                  const std::string& reason = {});
  // The same checks of role and subject, except that the requester may withdraw.
  Result<objects::Object> reject(const objects::Name& promotion, const Principal& by, const std::string& subject,
                                 const std::string& reason = {});
  // Back to stable. failed_precondition when no update is under way.
  Result<> abort_rollout(const objects::Name& rollout, const Principal& by, const std::string& reason = {});
  // Ends the pause it stands in; `full` skips all remaining steps and analyses.
  Result<> promote_rollout(const objects::Name& rollout, const Principal& by, bool full = false);

  // [{promotion, model, version, environment, artifact, subject, requestedBy, reason, needs, gates, mayApprove, why}]
  // of all promotions that wait for an approval; those that `who` may decide come first.
  Result<core::doc::Value> inbox(const Principal& who);
  // [{model, version, artifact, commit, promotion, outcome, from, until, requestedBy, approvals, gates, subject,
  // verdict, message}], newest first: what served when, approved by whom, on what evidence.
  Result<core::doc::Value> history(const std::string& environment);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::delivery
