#include "final_checks.hpp"

#include <algorithm>

#include "delivery/rollout/routes.hpp"
#include "delivery/rollout/spec.hpp"
#include "objects/kinds.hpp"

namespace slipway::simulation {
namespace {

using namespace std::chrono_literals;
using core::doc::Value;
namespace kinds = objects::kinds;

void check_production(Game& game) {
  auto& store = *game.control().store;
  const auto rollout = store.get(kinds::rollout, {"production", model});
  const auto service = store.get(kinds::virtual_service, {"production", model});
  const auto rule = store.get(kinds::destination_rule, {"production", model});
  if (!rollout || !service || !rule) return game.violated("production is gone");
  const auto spec = delivery::rollout::parse_spec(*rollout);
  const auto weight = delivery::rollout::canary_weight(service->document(), spec->routing);
  if (!weight || *weight != 0) game.violated("after the rollback the canary's weight is not 0");
  if (const auto stable = rollout->status()["slipway"]["stableVersion"].string_or(""); stable != "v1")
    game.violated("stable is \"" + stable + "\", not v1");
  const auto hash = delivery::rollout::subset_hash(rule->document(), "stable");
  const auto child = store.find(kinds::llm_deployment, {"production", model + "-" + hash.value_or("?")});
  if (!child || !*child || (*child)->spec()["model"]["version"].string_or("") != "v1")
    game.violated("the stable subset is not v1's");

  const core::Time now = game.surroundings().world.clock.now();
  std::size_t recent = 0, canary = 0, failed = 0;
  for (const auto& served : game.surroundings().served) {
    if (served.at < now - 60s) continue;
    ++recent;
    canary += served.subset == "canary";
    failed += served.status != 200;
  }
  if (recent < 50 || canary != 0 || failed != 0) {
    game.violated("of the last " + std::to_string(recent) + " requests " + std::to_string(canary) +
                  " went to the canary and " + std::to_string(failed) + " failed");
  }
}

void check_acknowledged(Game& game) {
  const auto& told = game.surroundings().acknowledged;
  auto& control = game.control();
  const auto runs = control.engine->list(500);
  if (!runs) return game.violated("the runs are gone");
  for (const auto& commit : told.pushes) {
    const auto count = std::ranges::count(*runs, commit, &workflow::RunView::commit);
    if (count != 1) game.violated("push " + commit.substr(0, 7) + " has " + std::to_string(count) + " workflow runs");
  }
  for (const auto& [version, weights] : told.versions) {
    const auto record = control.registry->get_version(model, version);
    if (!record || record->weights != weights) game.violated("version " + version + " is not as it was registered");
  }
  const auto name_from = [](const std::string& text) {
    return objects::Name{text.substr(0, text.find('/')), text.substr(text.find('/') + 1)};
  };
  for (const auto& name : told.promotions) {
    if (!control.store->get(kinds::promotion, name_from(name))) game.violated("promotion " + name + " is gone");
  }
  for (const auto& [name, subject] : told.approvals) {
    const auto promotion = control.store->get(kinds::promotion, name_from(name));
    const Value none;
    const Value& approvals = promotion ? promotion->status()["approvals"] : none;
    const bool stands = approvals.is_array() && std::ranges::any_of(approvals.as_array(), [&](const Value& approval) {
                          return approval["by"].string_or("") == linus && approval["subject"].string_or("") == subject;
                        });
    if (!stands) game.violated("the approval of " + name + " is gone");
  }
}

// Nothing reached production without an approval of exactly what was deployed, by somebody else.
void check_approvals(Game& game) {
  const auto promotions = game.control().store->list(kinds::promotion, {.ns = "production"});
  if (!promotions) return game.violated("the promotions are gone");
  for (const auto& promotion : promotions->items) {
    const std::string phase = promotion.status()["phase"].string_or("");
    if (phase != "Succeeded" && phase != "RolledBack" && phase != "RollingOut" && phase != "Validating") continue;
    const Value& approvals = promotion.status()["approvals"];
    const bool is_approved =
        approvals.is_array() && std::ranges::any_of(approvals.as_array(), [&](const Value& approval) {
          return !approval["void"].bool_or(false) && approval["subject"] == promotion.status()["subject"] &&
                 approval["by"].string_or("") == linus;
        });
    if (!is_approved) game.violated(promotion.text() + " is " + phase + " without an approval of its subject");
  }
}

// A step's program runs once in its Pod, and its Pod is the only one unless a fault hit an earlier.
void check_steps(Game& game) {
  std::map<std::string, int> by_pod;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> by_step;
  for (const auto& started : game.surroundings().started) {
    if (started.program != "step") continue;
    ++by_pod[started.pod];
    by_step[{started.run, started.script}].push_back(started.pod);
  }
  for (const auto& [pod, count] : by_pod) {
    if (count != 1) game.violated("step Pod " + pod + " was started " + std::to_string(count) + " times");
  }
  for (const auto& [step, pods] : by_step) {
    const auto hits = std::ranges::count_if(pods, [&](const std::string& pod) { return game.chaos().hit_pod(pod); });
    if (static_cast<std::ptrdiff_t>(pods.size()) > hits + 1)
      game.violated("step " + pods.back() + " ran " + std::to_string(pods.size()) + " times, hit " +
                    std::to_string(hits) + " times");
  }
  if (by_step.empty()) game.violated("no step ran");
}

}  // namespace

void check_end(Game& game) {
  check_production(game);
  check_acknowledged(game);
  check_approvals(game);
  check_steps(game);
  if (const auto verified = game.control().audit->verify(); !verified)
    game.violated("the audit log: " + verified.error().render());
}

}  // namespace slipway::simulation
