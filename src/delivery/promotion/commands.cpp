// What people do with promotions through the API: ask for one, approve, reject.
#include "core/ids.hpp"
#include "delivery/errors.hpp"
#include "delivery/promotion/controller.hpp"
#include "delivery/promotion/gates.hpp"
#include "delivery/promotion/promotion.hpp"
#include "delivery/promotion/queue.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::promotion {
namespace {
using core::doc::Object;
using core::doc::Value;
namespace kinds = objects::kinds;

constexpr const char* idempotency_annotation = "slipway.dev/idempotency-key";

core::Event event_of(const Principal& by, const std::string& action, const objects::Object& promotion,
                     const std::string& detail) {
  core::Event event;
  event.actor = by.name;
  event.action = action;
  event.object = promotion.text();
  event.digest = promotion.status()["subject"].string_or(promotion.spec()["artifact"].string_or(""));
  event.detail = detail;
  return event;
}

Result<Environment> environment_named(const Parts& parts, const std::string& name) {
  TRY_ASSIGN(const auto found, parts.store.find(kinds::environment, {"", name}));
  if (!found) return errors::no_environment(name);
  return parse_environment(*found);
}

// The subject itself, or its beginning: "sha256:" may be left out, 12 digits (as people are shown them) are enough.
bool is_subject(std::string_view given, std::string_view current) {
  constexpr std::string_view algorithm = "sha256:";
  constexpr std::size_t fewest_digits = 12;
  if (given == current) return true;
  if (given.starts_with(algorithm)) given.remove_prefix(algorithm.size());
  if (current.starts_with(algorithm)) current.remove_prefix(algorithm.size());
  return given.size() >= fewest_digits && current.starts_with(given);
}

struct Waiting {
  objects::Object promotion;
  Environment environment;
  std::string subject;  // in full
};
Result<Waiting> get_waiting(const Parts& parts, const objects::Name& name, const std::string& subject) {
  TRY_ASSIGN(objects::Object promotion, parts.store.get(kinds::promotion, name));
  if (phase_of(promotion) != Phase::awaiting_approval)
    return errors::not_waiting(promotion.text(), std::string(name_of(phase_of(promotion))));
  const std::string current = promotion.status()["subject"].string_or("");
  if (!is_subject(subject, current)) return errors::other_subject(promotion.text(), current);
  TRY_ASSIGN(Environment environment, environment_named(parts, request_of(promotion).environment));
  return Waiting{std::move(promotion), std::move(environment), current};
}
}  // namespace

Result<objects::Object> create(const Parts& parts, const PromotionRequest& request, const Principal& by) {
  TRY_ASSIGN(const Environment environment, environment_named(parts, request.environment));
  TRY_ASSIGN(const VersionFacts facts, parts.versions.version(request.model, request.version));
  const std::string repository = !request.repository.empty() ? request.repository
                                 : !facts.repository.empty() ? facts.repository
                                                             : request.model;
  const std::string stem = core::to_dns_label(request.model + "-" + request.version).substr(0, 57) + "-";
  const std::string& key = request.idempotency_key;
  std::string name = stem + parts.world.random.hex(5);
  for (int attempt = 0; !key.empty(); ++attempt) {
    name = stem + core::short_hash(by.name + " " + key + std::to_string(attempt)).substr(0, 5);
    TRY_ASSIGN(auto former, parts.store.find(kinds::promotion, {environment.ns, name}));
    if (!former) break;
    if (former->annotation(idempotency_annotation) == key) return std::move(*former);
  }
  auto promotion = objects::Object::make(kinds::promotion, {environment.ns, name});
  if (!key.empty()) promotion.set_annotation(idempotency_annotation, key);
  Object spec{{"model", Value(request.model)},
              {"version", Value(request.version)},
              {"environment", Value(request.environment)},
              {"repository", Value(repository)},
              {"commit", Value(request.commit.empty() ? facts.commit : request.commit)},
              {"artifact", Value(facts.artifact)},
              {"requestedBy", Value(by.name)}};
  if (!request.reason.empty()) spec.set("reason", Value(request.reason));
  promotion.spec() = Value(std::move(spec));
  TRY_ASSIGN(auto repeated, find_repeated(parts.store, environment, promotion));
  if (repeated) return std::move(*repeated);
  TRY_ASSIGN(const std::string other, waits_behind(parts.store, promotion));
  promotion.status() = Value(
      Object{{"phase", Value("Pending")}, {"message", Value(other.empty() ? "just asked for" : "waits for " + other)}});
  core::Event event = event_of(by, "promotion-requested", promotion,
                               request.model + " " + request.version + " to " + request.environment +
                                   (request.reason.empty() ? "" : ": " + request.reason));
  return core::recorded_with(parts.events, std::move(event), [&] { return parts.store.create(std::move(promotion)); });
}

Result<objects::Object> approve(const Parts& parts, const objects::Name& name, const Principal& by,
                                const std::string& subject, const std::string& reason) {
  TRY_ASSIGN(Waiting waiting, get_waiting(parts, name, subject));
  const Request request = request_of(waiting.promotion);
  TRY_ASSIGN(const std::string role,
             role_to_approve(waiting.environment.approvals, by.name, by.roles, request.requested_by));
  auto approvals = approvals_from(waiting.promotion.status());
  const core::Time now = parts.world.clock.now();
  const auto& expires_after = waiting.environment.approvals.expires_after;
  for (const auto& approval : approvals) {
    const bool is_in_force = !approval.is_void && approval.subject == waiting.subject &&
                             (!expires_after || now < approval.at + *expires_after);
    if (approval.by == by.name && is_in_force)
      return fail(Code::already_exists, by.name + " has approved this already");
  }
  approvals.push_back({by.name, role, waiting.subject, reason, now});
  waiting.promotion.status().set_path("approvals", value_of(approvals));
  core::Event event = event_of(by, "approved", waiting.promotion,
                               "as " + (role.empty() ? "a colleague" : role) + (reason.empty() ? "" : ": " + reason));
  return core::recorded_with(parts.events, std::move(event),
                             [&] { return parts.store.update_status(std::move(waiting.promotion)); });
}

Result<objects::Object> reject(const Parts& parts, const objects::Name& name, const Principal& by,
                               const std::string& subject, const std::string& reason) {
  TRY_ASSIGN(Waiting waiting, get_waiting(parts, name, subject));
  const bool is_withdrawal = request_of(waiting.promotion).requested_by == by.name;
  if (!is_withdrawal) TRY(role_to_approve(waiting.environment.approvals, by.name, by.roles, ""));
  enter(waiting.promotion, Phase::rejected,
        (is_withdrawal ? "withdrawn by " : "rejected by ") + by.name + (reason.empty() ? "" : ": " + reason),
        parts.world.clock.now());
  core::Event event = event_of(by, is_withdrawal ? "withdrew" : "rejected", waiting.promotion, reason);
  return core::recorded_with(parts.events, std::move(event),
                             [&] { return parts.store.update_status(std::move(waiting.promotion)); });
}

}  // namespace slipway::delivery::promotion
