#include "delivery/promotion/controller.hpp"

#include "core/log.hpp"
#include "delivery/errors.hpp"
#include "delivery/promotion/gates.hpp"
#include "delivery/promotion/manifests.hpp"
#include "delivery/promotion/promotion.hpp"
#include "delivery/promotion/queue.hpp"
#include "delivery/promotion/smoke.hpp"
#include "delivery/promotion/target.hpp"
#include "delivery/rollout/revision.hpp"
#include "objects/kinds.hpp"

namespace slipway::delivery::promotion {
namespace {
using core::doc::Object;
using core::doc::Value;
using objects::Name;
using objects::Outcome;
namespace kinds = objects::kinds;

// Neighbours without events (registry, repository) are asked again this often.
constexpr core::Duration poll_interval = std::chrono::milliseconds(500);
constexpr core::Duration slow_poll_interval = std::chrono::seconds(10);  // while people think

// Everything a promotion is going to do, and the digest that binds it.
struct Plan {
  VersionFacts facts;
  Manifests manifests;
  core::Digest manifests_digest;
  std::vector<GateResult> gates;
  std::string subject;
};
}  // namespace

struct PromotionController::State {
  Parts parts;
  Options options;
  SmokeTester smoke;
  std::unique_ptr<objects::Controller> controller;

  core::Time now() const { return parts.world.clock.now(); }

  // Writes the status as changed since it was read, then tells. A conflict means that somebody was faster: look again.
  Result<Outcome> move(objects::Object promotion, Phase phase, const std::string& message,
                       const std::string& action = {}) {
    const Phase before = phase_of(promotion);
    const std::string message_before = promotion.status()["message"].string_or("");
    const auto entered = time_in(promotion.status(), "phaseEnteredAt");
    const auto started = time_in(promotion.status(), "startedAt");
    enter(promotion, phase, message, now());
    TRY_ASSIGN(const objects::Object written, parts.store.update_status(std::move(promotion)));
    if (!action.empty() && (before != phase || message_before != message)) {
      const auto since = is_finished(phase) ? started : entered;
      record(written, action, message, since ? std::chrono::duration<double>(now() - *since).count() : -1);
    }
    return Outcome{};
  }

  void record(const objects::Object& promotion, const std::string& action, const std::string& detail, double seconds) {
    core::Event event;
    event.actor = "slipway/promotion-controller";
    event.action = action;
    event.object = promotion.text();
    event.digest = promotion.status()["subject"].string_or(promotion.spec()["artifact"].string_or(""));
    event.detail = detail;
    event.seconds = seconds;
    parts.events.record(std::move(event));
  }

  Outcome poll() const { return Outcome{poll_interval}; }

  Result<Plan> plan_of(const Request& request, const Environment& environment) {
    Plan plan;
    TRY_ASSIGN(plan.facts, parts.versions.version(request.model, request.version));
    if (!request.artifact.empty() && plan.facts.artifact != request.artifact) {
      return fail(Code::failed_precondition, request.model + " " + request.version + " has artifact " +
                                                 plan.facts.artifact + ", not " + request.artifact);
    }
    TRY_ASSIGN(const ManifestFiles files,
               parts.manifests.files(request.repository, request.commit, environment.manifests));
    plan.manifests_digest = digest_of(files);
    TRY_ASSIGN(plan.manifests, prepare(files, environment, plan.facts));
    TRY_ASSIGN(const auto predecessor, predecessor_of(environment, plan.facts));
    plan.gates = judge_gates(environment, plan.facts, predecessor);
    const Subject subject{plan.facts.model,      plan.facts.version, plan.facts.artifact, request.commit,
                          plan.manifests_digest, &environment,       &plan.gates,         plan.manifests.plan};
    plan.subject = digest_of(subject).text();
    return plan;
  }

  // The Promotion of the same bytes that succeeded in environment.from.
  Result<std::optional<std::string>> predecessor_of(const Environment& environment, const VersionFacts& facts) {
    if (environment.from.empty()) return std::optional<std::string>();
    TRY_ASSIGN(const auto all, parts.store.list(kinds::promotion));
    for (const auto& other : all.items) {
      const Request request = request_of(other);
      const bool is_same = request.environment == environment.from && request.model == facts.model &&
                           request.version == facts.version &&
                           other.status()["artifact"].string_or("") == facts.artifact;
      if (is_same && phase_of(other) == Phase::succeeded) return std::optional(other.name().text());
    }
    return std::optional<std::string>();
  }

  Result<Outcome> reconcile(objects::Object promotion) {
    const Request request = request_of(promotion);
    TRY_ASSIGN(const auto found, parts.store.find(kinds::environment, {"", request.environment}));
    if (!found) {
      const Phase unchanged = phase_of(promotion);
      TRY(move(std::move(promotion), unchanged, "waits for Environment " + request.environment));
      return poll();
    }
    const auto environment = parse_environment(*found);
    if (!environment)
      return move(std::move(promotion), Phase::failed, environment.error().one_line(), "promotion-failed");
    const auto checked = check_smoke_model(*environment, request.model);
    if (!checked && phase_of(promotion) != Phase::rolling_out)  // what rolls out is watched to its end first
      return move(std::move(promotion), Phase::failed, checked.error().message, "promotion-failed");
    switch (phase_of(promotion)) {
      case Phase::pending:
        return pending(std::move(promotion), request);
      case Phase::gating:
      case Phase::awaiting_approval:
        return gate(std::move(promotion), request, *environment);
      case Phase::deploying:
        return deploy(std::move(promotion), request, *environment);
      case Phase::rolling_out:
        return watch_target(std::move(promotion), *environment);
      case Phase::validating:
        return validate(std::move(promotion), request, *environment);
      default:
        return Outcome{};
    }
  }

  Result<Outcome> pending(objects::Object promotion, const Request& request) {
    TRY_ASSIGN(const std::string other, waits_behind(parts.store, promotion));
    if (!other.empty()) return move(std::move(promotion), Phase::pending, "waits for " + other);
    return move(std::move(promotion), Phase::gating, "checks the gates of " + request.environment, "promotion-started");
  }

  Result<Outcome> gate(objects::Object promotion, const Request& request, const Environment& environment) {
    auto plan = plan_of(request, environment);
    if (!plan) {
      if (plan.error().code != Code::unavailable)
        return move(std::move(promotion), Phase::failed, plan.error().one_line(), "promotion-failed");
      const Phase unchanged = phase_of(promotion);
      TRY(move(std::move(promotion), unchanged, "waits: " + plan.error().one_line()));
      return poll();
    }
    Value& status = promotion.status();
    status.set_path("gates", value_of(plan->gates));
    status.set_path("artifact", Value(plan->facts.artifact));
    status.set_path("manifests", Value(plan->manifests_digest.text()));
    void_other_approvals(promotion, plan->subject);
    status.set_path("subject", Value(plan->subject));

    const GateState gates = overall(plan->gates);
    if (gates == GateState::failed)
      return move(std::move(promotion), Phase::failed, gates_sentence(plan->gates, GateState::failed), "gates-failed");
    if (gates == GateState::no_data) {
      TRY(move(std::move(promotion), Phase::gating, "HOLD: " + gates_sentence(plan->gates, GateState::no_data),
               "gates-hold"));
      return poll();
    }
    const ApprovalState approval = judge_approvals(environment.approvals, approvals_from(promotion.status()),
                                                   plan->subject, request.requested_by, now());
    if (approval.is_satisfied)
      return move(std::move(promotion), Phase::deploying, "deploys: " + approval.message, "deploying");
    TRY(move(std::move(promotion), Phase::awaiting_approval, approval.message, "approval-awaited"));
    return Outcome{slow_poll_interval};
  }

  static std::string gates_sentence(const std::vector<GateResult>& gates, GateState state) {
    std::string text;
    for (const auto& gate : gates) {
      if (gate.state == state) text += (text.empty() ? "" : "; ") + ("gate " + gate.name + ": " + gate.detail);
    }
    return text;
  }

  void void_other_approvals(objects::Object& promotion, const std::string& subject) {
    auto approvals = approvals_from(promotion.status());
    bool changed = false;
    for (auto& approval : approvals) {
      if (approval.is_void || approval.subject == subject) continue;
      approval.is_void = changed = true;
      record(promotion, "approval-voided",
             "the approval of " + approval.by + " was for another subject, " + approval.subject, -1);
    }
    if (changed) promotion.status().set_path("approvals", value_of(approvals));
  }

  Result<Outcome> deploy(objects::Object promotion, const Request& request, const Environment& environment) {
    auto plan = plan_of(request, environment);
    if (!plan) {
      if (plan.error().code == Code::unavailable) return poll();
      return move(std::move(promotion), Phase::failed, plan.error().one_line(), "promotion-failed");
    }
    // Approved was one subject; anything else goes back to the gates.
    if (plan->subject != promotion.status()["subject"].string_or("")) {
      return move(std::move(promotion), Phase::gating, "what was approved has changed; checks the gates again",
                  "subject-changed");
    }
    auto hash = apply(parts.store, plan->manifests, environment, promotion.name().name);
    if (!hash) {
      const bool is_passing = core::is_transient(hash.error()) || hash.error().code == Code::conflict ||
                              hash.error().code == Code::resource_exhausted;
      if (is_passing) return fail(std::move(hash).error());
      return move(std::move(promotion), Phase::failed, hash.error().one_line(), "promotion-failed");
    }
    const bool has_rollout = !plan->manifests.rollout.empty();
    if (has_rollout) TRY(retry_aborted({environment.ns, plan->manifests.rollout}, *hash));
    promotion.status().set_path(
        "target", Value(Object{{"kind", Value(has_rollout ? "Rollout" : "LLMDeployment")},
                               {"name", Value(has_rollout ? plan->manifests.rollout : plan->manifests.workload)},
                               {"workload", Value(plan->manifests.workload)},
                               {"hash", Value(*hash)}}));
    return move(std::move(promotion), Phase::rolling_out,
                "applied " + std::to_string(plan->manifests.objects.size()) + " objects to " + environment.ns,
                "manifests-applied");
  }

  // The same revision again after it was rolled back: somebody approved another try.
  Result<> retry_aborted(const Name& rollout, const std::string& hash) {
    TRY(modify_status(parts.store, kinds::rollout, rollout, [&](objects::Object& object) {
      if (!object.status()["abort"].bool_or(false) || object.status()["currentPodHash"].string_or("") != hash)
        return false;
      object.status().as_object().erase("abort");
      object.status().set_path("phase", Value("Progressing"));
      return true;
    }));
    return {};
  }

  Result<Outcome> watch_target(objects::Object promotion, const Environment& environment) {
    const Value target = promotion.status()["target"];
    const std::string name = target["name"].string_or("");
    TRY_ASSIGN(const auto workload,
               parts.store.find(kinds::llm_deployment, {environment.ns, target["workload"].string_or("")}));
    const bool has_rollout = target["kind"].string_or("") == "Rollout";
    TRY_ASSIGN(const auto object,
               parts.store.find(has_rollout ? kinds::rollout : kinds::llm_deployment, {environment.ns, name}));
    if (!object || !workload)
      return move(std::move(promotion), Phase::failed, target["kind"].string_or("") + " " + name + " is gone",
                  "promotion-failed");
    const core::Time since = time_in(promotion.status(), "phaseEnteredAt").value_or(now());
    const TargetView view = has_rollout ? judge_rollout(*object, target["hash"].string_or(""),
                                                        rollout::revision_hash(workload->spec()), now())
                                        : judge_deployment(*object, since, environment.progress_deadline, now());
    if (has_rollout) keep_rollout_facts(promotion, *object);
    switch (view.state) {
      case TargetState::ready:
        promotion.status().set_path("servingSince", Value(core::render_rfc3339_micro(now())));
        return move(std::move(promotion), Phase::validating, view.message, "serving");
      case TargetState::rolled_back:
        return move(std::move(promotion), Phase::rolled_back, view.message, "promotion-rolled-back");
      case TargetState::failed:
        return move(std::move(promotion), Phase::failed, view.message, "promotion-failed");
      case TargetState::waiting:
        break;
    }
    TRY(move(std::move(promotion), Phase::rolling_out, view.message));
    return poll();
  }

  // Durable beside the approvals: the Rollout's own status will be about another version one day.
  static void keep_rollout_facts(objects::Object& promotion, const objects::Object& rollout) {
    const Value& ours = rollout.status()["slipway"];
    promotion.status().set_path("rollout", Value(Object{{"name", Value(rollout.name().name)},
                                                        {"verdict", ours["verdict"]},
                                                        {"steps", ours["steps"]},
                                                        {"evidence", ours["evidence"]}}));
  }

  Result<Outcome> validate(objects::Object promotion, const Request& request, const Environment& environment) {
    if (!environment.smoke)
      return move(std::move(promotion), Phase::succeeded, request.version + " serves " + environment.name,
                  "promotion-succeeded");
    const core::Time since = time_in(promotion.status(), "phaseEnteredAt").value_or(now());
    smoke.start(
        promotion.name(), *environment.smoke,
        environment.smoke->model.empty() ? request.model : environment.smoke->model, since + environment.smoke->timeout,
        [this, name = promotion.name(), request, environment_name = environment.name](const SmokeOutcome& outcome) {
          smoked(name, request, environment_name, outcome);
        });
    return Outcome{};
  }

  void smoked(const Name& name, const Request& request, const std::string& environment, const SmokeOutcome& outcome) {
    auto promotion = parts.store.find(kinds::promotion, name);
    if (promotion && !*promotion) return;
    if (promotion && phase_of(**promotion) == Phase::validating) {
      objects::Object object = **promotion;
      object.status().set_path("smoke",
                               Value(Object{{"attempts", Value(outcome.attempts)}, {"detail", Value(outcome.detail)}}));
      const std::string message =
          outcome.passed ? request.version + " serves " + environment + ": " + outcome.detail : outcome.detail;
      auto moved = move(std::move(object), outcome.passed ? Phase::succeeded : Phase::failed, message,
                        outcome.passed ? "promotion-succeeded" : "promotion-failed");
      if (moved) return;
      log::warn("delivery", "a smoke test's outcome was not stored",
                {{"promotion", name.text()}, {"error", moved.error().one_line()}});
    }
    controller->enqueue(name);
  }

  std::vector<Name> unfinished(const std::function<bool(const objects::Object&)>& concerns) {
    std::vector<Name> names;
    auto all = parts.store.list(kinds::promotion);
    if (!all) return names;
    for (const auto& promotion : all->items) {
      if (!is_finished(phase_of(promotion)) && concerns(promotion)) names.push_back(promotion.name());
    }
    return names;
  }
};

PromotionController::PromotionController(Parts parts, Options options)
    : state_(std::make_shared<State>(parts, options, SmokeTester(parts.world, options.gateway_url))) {}
PromotionController::~PromotionController() = default;

Result<> PromotionController::start() {
  State& state = *state_;
  state.controller =
      std::make_unique<objects::Controller>(state.parts.world, state.parts.store, "promotion-controller", *this);
  const auto in_namespace = [&state](const objects::Object& object) {
    return state.unfinished([&](const objects::Object& promotion) { return promotion.name().ns == object.name().ns; });
  };
  // One that finished lets the next of its environment begin.
  state.controller->watches(kinds::promotion, [&state](const objects::Object& object) {
    const std::string environment = request_of(object).environment;
    auto names =
        state.unfinished([&](const objects::Object& other) { return request_of(other).environment == environment; });
    return names;
  });
  state.controller->watches(kinds::rollout, in_namespace);
  state.controller->watches(kinds::llm_deployment, in_namespace);
  state.controller->watches(kinds::environment, [&state](const objects::Object& object) {
    return state.unfinished(
        [&](const objects::Object& promotion) { return request_of(promotion).environment == object.name().name; });
  });
  return state.controller->start();
}

Result<Outcome> PromotionController::reconcile(const Name& name) {
  TRY_ASSIGN(auto promotion, state_->parts.store.find(kinds::promotion, name));
  if (!promotion || promotion->is_being_deleted() || is_finished(phase_of(*promotion))) return Outcome{};
  return state_->reconcile(std::move(*promotion));
}

}  // namespace slipway::delivery::promotion
