#pragma once
// A Rollout's status, as Argo Rollouts' command line reads it and with our part under `slipway`.
// docs/internals/kinds.md names the fields. Pure.

#include "delivery/rollout/next.hpp"
#include "delivery/statistics/sequence.hpp"

namespace slipway::delivery::rollout {

Progress progress_from_status(const core::doc::Value& status);

// Requests since the canary got its first weight, counted by the gateway. Absolute counters minus a baseline, not
// increase(), which misses what a series counted before its first scrape.
struct Evidence {
  std::string canary_hash, stable_hash;        // what is compared; fixed with the baseline
  std::string canary_version, stable_version;  // how people call it
  statistics::Arm canary_baseline, stable_baseline, canary, stable;
  bool has_baseline = false;
  int attempt = 0;  // of Progress; evidence of an earlier attempt says nothing about this one
  std::optional<core::Time> measured_at;
};
Evidence evidence_from_status(const core::doc::Value& status);

// One sentence for people: on how many requests it rests, and what was or will be done.
std::string verdict(const Progress& progress, const Evidence& evidence, const std::string& stable_version,
                    const std::string& canary_version);

// Writes all of it into the object's status; fields that are not ours stay.
void write_status(objects::Object& rollout, const RolloutView& view, const AnalysisView& analyses,
                  const Decision& decision, const Evidence& evidence, core::Time now);
// status.slipway.evidence and the verdict alone.
void write_evidence(objects::Object& rollout, const Evidence& evidence);

}  // namespace slipway::delivery::rollout
