#pragma once
// Gates, the subject of an approval, and whether approvals suffice. Pure.

#include <optional>
#include <string>
#include <vector>

#include "core/digest.hpp"
#include "delivery/promotion/environment.hpp"
#include "delivery/sources.hpp"

namespace slipway::delivery::promotion {

enum class GateState { passed, failed, no_data };
std::string_view name_of(GateState state);  // "Passed"

struct GateResult {
  std::string name;
  GateState state = GateState::no_data;
  std::string detail;    // "accuracy 0.61 is at least 0.55"
  std::string evidence;  // the run that measured it, the promotion that succeeded
  bool operator==(const GateResult&) const = default;
};

// `predecessor` is the Promotion that succeeded in environment.from, when there is one. A metric that is missing or NaN
// is NoData.
std::vector<GateResult> judge_gates(const Environment& environment, const VersionFacts& facts,
                                    const std::optional<std::string>& predecessor);
// The worst of them: Failed, then NoData, then Passed (also for none).
GateState overall(const std::vector<GateResult>& gates);
core::doc::Value value_of(const std::vector<GateResult>& gates);

// What an approval binds. Anything in here that changes makes another digest.
struct Subject {
  std::string model, version, artifact, commit;
  core::Digest manifests;
  const Environment* environment = nullptr;
  const std::vector<GateResult>* gates = nullptr;
  std::vector<std::string> plan;  // the rollout's steps in words
};
core::Digest digest_of(const Subject& subject);
// Of paths and texts, in their order.
core::Digest digest_of(const ManifestFiles& files);

struct Approval {
  std::string by, role, subject, reason;
  core::Time at{};
  bool is_void = false;  // given to another subject
};
std::vector<Approval> approvals_from(const core::doc::Value& status);
core::doc::Value value_of(const std::vector<Approval>& approvals);

struct ApprovalState {
  bool is_satisfied = false;
  std::string message;  // "needs 1 approval of tech-lead", "approved by linus@example.com"
};
ApprovalState judge_approvals(const Approvals& required, const std::vector<Approval>& given, const std::string& subject,
                              const std::string& requested_by, core::Time now);

// The role by which this person may approve; permission_denied with the reason.
Result<std::string> role_to_approve(const Approvals& required, const std::string& person,
                                    const std::vector<std::string>& roles, const std::string& requested_by);

}  // namespace slipway::delivery::promotion
