#include "delivery/rollout/evidence.hpp"

#include <cmath>
#include <cstdlib>
#include <set>

namespace slipway::delivery::rollout {
namespace {
using core::doc::Value;
using Counts = std::map<std::string, double>;  // by revision hash

std::string counter_query(const std::string& ns, const Evidence& evidence, bool only_failures) {
  return "sum by (destination_canonical_revision) (istio_requests_total{destination_service_namespace=\"" + ns +
         "\",destination_canonical_revision=~\"" + evidence.canary_hash + "|" + evidence.stable_hash + "\"" +
         (only_failures ? ",response_code!~\"[123]..\"" : "") + "})";
}

std::optional<Counts> counts_of(const Result<Value>& answer) {
  if (!answer || (*answer)["status"].string_or("") != "success") return std::nullopt;
  const Value& result = (*answer)["data"]["result"];
  if (!result.is_array()) return std::nullopt;
  Counts counts;
  for (const auto& series : result.as_array()) {
    const double value = std::strtod(series["value"][std::size_t{1}].string_or("nan").c_str(), nullptr);
    if (std::isfinite(value)) counts[series["metric"]["destination_canonical_revision"].string_or("")] = value;
  }
  return counts;
}

statistics::Arm arm_of(const Counts& requests, const Counts& failures, const std::string& hash) {
  const auto at = [&](const Counts& counts) {
    const auto found = counts.find(hash);
    return found == counts.end() ? std::int64_t{0} : static_cast<std::int64_t>(std::llround(found->second));
  };
  return {at(failures), at(requests)};
}

// A counter below its baseline was reset: what it counts now is all new.
statistics::Arm since(const statistics::Arm& baseline, const statistics::Arm& now) {
  if (now.requests < baseline.requests) return now;
  return {std::max<std::int64_t>(0, now.failures - baseline.failures), now.requests - baseline.requests};
}
}  // namespace

struct EvidenceCollector::State {
  core::World& world;
  MetricQuery& metrics;
  std::set<objects::Name> under_way;
};

EvidenceCollector::EvidenceCollector(core::World& world, MetricQuery& metrics)
    : state_(std::make_shared<State>(world, metrics)) {}
EvidenceCollector::~EvidenceCollector() = default;

void EvidenceCollector::refresh(const objects::Name& rollout, Evidence evidence, Done done) {
  if (evidence.canary_hash.empty() || evidence.canary_hash == evidence.stable_hash) return;
  if (!state_->under_way.insert(rollout).second) return;
  std::weak_ptr<State> weak = state_;
  const std::string failures_query = counter_query(rollout.ns, evidence, true);
  state_->metrics.query("", counter_query(rollout.ns, evidence, false),
                        [weak, rollout, evidence, done, failures_query](Result<Value> requests_answer) {
                          const auto state = weak.lock();
                          if (!state) return;
                          const auto requests = counts_of(requests_answer);
                          if (!requests) {
                            state->under_way.erase(rollout);
                            return;
                          }
                          state->metrics.query(
                              "", failures_query,
                              [weak, rollout, evidence, done, requests](Result<Value> failures_answer) {
                                const auto alive = weak.lock();
                                if (!alive) return;
                                alive->under_way.erase(rollout);
                                const auto failures = counts_of(failures_answer);
                                if (!failures) return;
                                Evidence fresh = evidence;
                                const auto canary = arm_of(*requests, *failures, fresh.canary_hash);
                                const auto stable = arm_of(*requests, *failures, fresh.stable_hash);
                                if (!fresh.has_baseline) {
                                  fresh.canary_baseline = canary;
                                  fresh.stable_baseline = stable;
                                  fresh.has_baseline = true;
                                }
                                fresh.canary = since(fresh.canary_baseline, canary);
                                fresh.stable = since(fresh.stable_baseline, stable);
                                fresh.measured_at = alive->world.clock.now();
                                done(std::move(fresh));
                              });
                        });
}

}  // namespace slipway::delivery::rollout
