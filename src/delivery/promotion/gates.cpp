#include "delivery/promotion/gates.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace slipway::delivery::promotion {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

std::string text_of(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

GateResult judge(const Gate& gate, const VersionFacts& facts) {
  GateResult result{gate.name, GateState::no_data, "", facts.run.empty() ? "" : "run " + facts.run};
  const auto found = facts.metrics.find(gate.metric);
  if (found == facts.metrics.end() || std::isnan(found->second)) {
    result.detail =
        facts.version + (found == facts.metrics.end() ? " has no metric " : " has NaN as metric ") + gate.metric;
    return result;
  }
  const double value = found->second;
  const bool is_high_enough = !gate.min || value >= *gate.min;
  const bool is_low_enough = !gate.max || value <= *gate.max;
  result.state = is_high_enough && is_low_enough ? GateState::passed : GateState::failed;
  result.detail = gate.metric + " " + text_of(value);
  if (gate.min) result.detail += (is_high_enough ? " is at least " : " is below ") + text_of(*gate.min);
  if (gate.min && gate.max) result.detail += " and";
  if (gate.max) result.detail += (is_low_enough ? " is at most " : " is above ") + text_of(*gate.max);
  return result;
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}
}  // namespace

std::string_view name_of(GateState state) {
  return state == GateState::passed ? "Passed" : state == GateState::failed ? "Failed" : "NoData";
}

std::vector<GateResult> judge_gates(const Environment& environment, const VersionFacts& facts,
                                    const std::optional<std::string>& predecessor) {
  std::vector<GateResult> gates;
  if (!facts.state.empty() && facts.state != "LIVE") {
    gates.push_back({"live", GateState::failed, facts.model + " " + facts.version + " is " + facts.state, ""});
  }
  if (!environment.from.empty()) {
    GateResult gate{"from " + environment.from, GateState::no_data, "", ""};
    gate.state = predecessor ? GateState::passed : GateState::no_data;
    gate.detail = facts.version + (predecessor ? " succeeded in " : " has not succeeded in ") + environment.from;
    if (predecessor) gate.evidence = "Promotion " + *predecessor;
    gates.push_back(std::move(gate));
  }
  for (const auto& gate : environment.gates) gates.push_back(judge(gate, facts));
  return gates;
}

GateState overall(const std::vector<GateResult>& gates) {
  GateState worst = GateState::passed;
  for (const auto& gate : gates) {
    if (gate.state == GateState::failed) return GateState::failed;
    if (gate.state == GateState::no_data) worst = GateState::no_data;
  }
  return worst;
}

Value value_of(const std::vector<GateResult>& gates) {
  Array array;
  for (const auto& gate : gates) {
    array.emplace_back(Object{{"name", Value(gate.name)},
                              {"state", Value(name_of(gate.state))},
                              {"detail", Value(gate.detail)},
                              {"evidence", Value(gate.evidence)}});
  }
  return Value(std::move(array));
}

core::Digest digest_of(const Subject& subject) {
  Array plan;
  for (const auto& step : subject.plan) plan.emplace_back(step);
  const Value document(Object{{"model", Value(subject.model)},
                              {"version", Value(subject.version)},
                              {"artifact", Value(subject.artifact)},
                              {"commit", Value(subject.commit)},
                              {"manifests", Value(subject.manifests.text())},
                              {"environment", Value(Object{{"name", Value(subject.environment->name)},
                                                           {"spec", subject.environment->document}})},
                              {"evidence", value_of(*subject.gates)},
                              {"plan", Value(std::move(plan))}});
  return core::Digest::of(core::doc::render_json_canonical(document));
}

core::Digest digest_of(const ManifestFiles& files) {
  Array array;
  for (const auto& [path, text] : files) array.emplace_back(Array{Value(path), Value(core::Digest::of(text).text())});
  return core::Digest::of(core::doc::render_json_canonical(Value(std::move(array))));
}

std::vector<Approval> approvals_from(const Value& status) {
  std::vector<Approval> approvals;
  if (!status["approvals"].is_array()) return approvals;
  for (const auto& raw : status["approvals"].as_array()) {
    Approval approval{raw["by"].string_or(""), raw["role"].string_or(""), raw["subject"].string_or(""),
                      raw["reason"].string_or("")};
    if (auto at = core::parse_rfc3339(raw["at"].string_or(""))) approval.at = *at;
    approval.is_void = raw["void"].bool_or(false);
    approvals.push_back(std::move(approval));
  }
  return approvals;
}

Value value_of(const std::vector<Approval>& approvals) {
  Array array;
  for (const auto& approval : approvals) {
    Object raw{{"by", Value(approval.by)},
               {"role", Value(approval.role)},
               {"subject", Value(approval.subject)},
               {"at", Value(core::render_rfc3339_micro(approval.at))}};
    if (!approval.reason.empty()) raw.set("reason", Value(approval.reason));
    if (approval.is_void) raw.set("void", Value(true));
    array.emplace_back(std::move(raw));
  }
  return Value(std::move(array));
}

ApprovalState judge_approvals(const Approvals& required, const std::vector<Approval>& given, const std::string& subject,
                              const std::string& requested_by, core::Time now) {
  std::set<std::string> persons;
  bool has_expired = false;
  for (const auto& approval : given) {
    const bool has_role = required.roles.empty() || std::find(required.roles.begin(), required.roles.end(),
                                                              approval.role) != required.roles.end();
    const bool is_own = required.not_requester && approval.by == requested_by;
    if (approval.is_void || approval.subject != subject || !has_role || is_own) continue;
    if (required.expires_after && now >= approval.at + *required.expires_after) {
      has_expired = true;
      continue;
    }
    persons.insert(approval.by);
  }
  const int missing = required.required - static_cast<int>(persons.size());
  if (missing <= 0)
    return {true, required.required == 0 ? "no approval needed"
                                         : "approved by " + joined({persons.begin(), persons.end()}, ", ")};
  std::string message = "needs " + std::to_string(missing) + (missing == 1 ? " approval" : " approvals");
  if (!required.roles.empty()) message += " by " + joined(required.roles, " or ");
  if (has_expired) message += "; an earlier approval has expired";
  return {false, message};
}

Result<std::string> role_to_approve(const Approvals& required, const std::string& person,
                                    const std::vector<std::string>& roles, const std::string& requested_by) {
  if (required.not_requester && person == requested_by) {
    return fail(Code::permission_denied, person + " requested this promotion and may not approve it",
                "ask a colleague");
  }
  if (required.roles.empty()) return roles.empty() ? std::string() : roles.front();
  for (const auto& role : required.roles) {
    if (std::find(roles.begin(), roles.end(), role) != roles.end()) return role;
  }
  return fail(Code::permission_denied, person + " is not " + joined(required.roles, " or "));
}

}  // namespace slipway::delivery::promotion
