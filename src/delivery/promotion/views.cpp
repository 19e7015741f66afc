// What the API shows of promotions: the inbox of a person, the history of an environment.
#include <algorithm>
#include <map>

#include "delivery/errors.hpp"
#include "delivery/promotion/controller.hpp"
#include "delivery/promotion/gates.hpp"
#include "delivery/promotion/promotion.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::promotion {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;
namespace kinds = objects::kinds;

Object facts_of(const objects::Object& promotion) {
  const Request request = request_of(promotion);
  const Value& status = promotion.status();
  return Object{{"promotion", Value(promotion.name().text())},
                {"model", Value(request.model)},
                {"version", Value(request.version)},
                {"environment", Value(request.environment)},
                {"artifact", status["artifact"]},
                {"commit", Value(request.commit)},
                {"subject", status["subject"]},
                {"requestedBy", Value(request.requested_by)},
                {"reason", Value(request.reason)},
                {"gates", status["gates"]},
                {"approvals", status["approvals"]},
                {"message", status["message"]}};
}
}  // namespace

Result<Value> inbox(const Parts& parts, const Principal& who) {
  TRY_ASSIGN(const auto all, parts.store.list(kinds::promotion));
  Array mine, others;
  for (const auto& promotion : all.items) {
    if (phase_of(promotion) != Phase::awaiting_approval) continue;
    const Request request = request_of(promotion);
    TRY_ASSIGN(const auto found, parts.store.find(kinds::environment, {"", request.environment}));
    if (!found) continue;
    const auto environment = parse_environment(*found);
    if (!environment) continue;
    Object entry = facts_of(promotion);
    entry.set("needs", promotion.status()["message"]);
    const auto role = role_to_approve(environment->approvals, who.name, who.roles, request.requested_by);
    entry.set("mayApprove", Value(role.has_value()));
    entry.set("why", Value(role ? "as " + *role : role.error().message));
    (role ? mine : others).emplace_back(std::move(entry));
  }
  for (auto& entry : others) mine.push_back(std::move(entry));
  return Value(std::move(mine));
}

Result<Value> history(const Parts& parts, const std::string& environment) {
  TRY_ASSIGN(const auto found, parts.store.find(kinds::environment, {"", environment}));
  if (!found) return errors::no_environment(environment);
  TRY_ASSIGN(const auto all, parts.store.list(kinds::promotion));
  struct Entry {
    core::Time at{};  // when it served, or ended without having served
    bool served = false;
    objects::Object promotion;
  };
  std::vector<Entry> entries;
  for (const auto& promotion : all.items) {
    if (request_of(promotion).environment != environment) continue;
    const auto serving = time_in(promotion.status(), "servingSince");
    const auto finished = time_in(promotion.status(), "finishedAt");
    if (!serving && !finished) continue;
    entries.push_back({serving.value_or(finished.value_or(core::Time{})), serving.has_value(), promotion});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(b.at, b.promotion.name()) < std::pair(a.at, a.promotion.name());
  });
  Array array;
  std::map<std::string, Value> until_of;  // the model: when the next newer one took over; null while this one serves
  for (const auto& entry : entries) {
    const Value& status = entry.promotion.status();
    Object shown = facts_of(entry.promotion);
    Value& until = until_of[request_of(entry.promotion).model];
    shown.set("outcome", Value(name_of(phase_of(entry.promotion))));
    shown.set("from", entry.served ? status["servingSince"] : Value());
    shown.set("until", entry.served ? until : Value());
    shown.set("startedAt", status["startedAt"]);
    shown.set("finishedAt", status["finishedAt"]);
    shown.set("verdict", status["rollout"]["verdict"]);
    shown.set("evidence", status["rollout"]["evidence"]);
    if (entry.served) until = status["servingSince"];
    array.emplace_back(std::move(shown));
  }
  return Value(std::move(array));
}

}  // namespace slipway::delivery::promotion
