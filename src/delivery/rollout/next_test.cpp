// Tables for the pure decision, and for the edits of routes.
#include "delivery/rollout/next.hpp"

#include <doctest/doctest.h>

#include "delivery/rollout/routes.hpp"
#include "delivery/testing.hpp"

using namespace slipway;
using namespace slipway::delivery::rollout;

namespace {
const core::Time now = *core::parse_rfc3339("2026-11-23T10:00:00Z");

std::string text_of(const Action& action) {
  struct {
    std::string operator()(const MakeRevision& a) const { return "make " + a.hash; }
    std::string operator()(const SetSubset& a) const {
      return std::string(a.canary ? "canary" : "stable") + "=" + a.hash;
    }
    std::string operator()(const SetCanaryWeight& a) const { return "weight " + std::to_string(a.percent); }
    std::string operator()(const StartAnalysis& a) const { return "analyse " + a.name; }
    std::string operator()(const RetireRevision& a) const { return "retire " + a.hash; }
    std::string operator()(const KeepRevision& a) const { return "keep " + a.hash; }
    std::string operator()(const RemoveRevision& a) const { return "remove " + a.hash; }
  } render;
  return std::visit(render, action);
}
std::string text_of(const Decision& decision) {
  std::string text;
  for (const auto& action : decision.actions) text += (text.empty() ? "" : ", ") + text_of(action);
  return text;
}

// v1 ("old") is stable, v2 ("new") stands at `step` of 10 %, analysis, 50 %.
RolloutView view_at(int step, int shown_weight) {
  RolloutView view;
  view.name = "chat";
  view.spec = *parse_spec(
      (*objects::parse_manifest(delivery::testing::rollout_yaml(
                                    "[{setWeight: 10}, {analysis: {templates: [{templateName: t}]}}, {setWeight: 50}]"),
                                "r.yaml"))[0]);
  view.template_hash = "new";
  Revision old_revision, new_revision;
  old_revision.hash = "old";
  new_revision.hash = "new";
  old_revision.is_ready = new_revision.is_ready = true;
  view.revisions = {old_revision, new_revision};
  view.traffic = {true, "", shown_weight, "new", "old"};
  view.progress.stable_hash = "old";
  view.progress.current_hash = "new";
  view.progress.step = step;
  view.progress.step_hash = view.spec.steps_hash();
  view.progress.attempt = 1;
  view.progress.started_at = view.progress.step_entered_at = now;
  if (step > 0) view.progress.steps = {{10, now}};
  return view;
}
AnalysisView run_in(delivery::analysis::Phase phase) {
  AnalysisView view;
  view.runs.push_back({"chat-new-1-1", phase, "because", false, std::nullopt});
  return view;
}
}  // namespace

TEST_CASE("what a rollout does next") {
  using P = delivery::analysis::Phase;
  struct Row {
    const char* name;
    RolloutView view;
    AnalysisView analyses;
    const char* actions;
    int step;
    Phase phase;
  };
  auto not_ready = view_at(0, 0);
  not_ready.revisions[1].is_ready = false;
  auto too_late = not_ready;
  too_late.progress.waiting_since = now - std::chrono::hours(1);
  auto missing = view_at(0, 0);
  missing.revisions.pop_back();
  auto other_subset = view_at(0, 0);
  other_subset.traffic.canary_hash = "ancient";
  auto other_subset_with_weight = view_at(0, 30);
  other_subset_with_weight.traffic.canary_hash = "ancient";
  auto unclear = view_at(1, 10);
  unclear.traffic.canary_weight = std::nullopt;
  auto aborted = view_at(2, 50);
  aborted.progress.abort = true;
  auto aborted_while_swapping = view_at(3, 100);
  aborted_while_swapping.progress.abort = true;
  aborted_while_swapping.traffic.stable_hash = "new";
  auto changed = view_at(2, 50);
  changed.template_hash = "newer";
  auto changed_back = view_at(2, 50);
  changed_back.template_hash = "old";
  auto swapped = view_at(3, 100);
  swapped.traffic.stable_hash = "new";
  auto swapped_and_zero = view_at(3, 0);
  swapped_and_zero.traffic.stable_hash = "new";
  auto unreadable = view_at(1, 10);
  unreadable.traffic.is_readable = false;
  unreadable.traffic.problem = "waits for VirtualService";
  auto paused = view_at(0, 0);
  paused.spec.paused = true;
  auto full = view_at(1, 10);
  full.progress.promote_full = true;

  const Row rows[] = {
      {"no weight before it is Ready", not_ready, {}, "", 0, Phase::progressing},
      {"the deadline aborts", too_late, {}, "retire new", 0, Phase::degraded},
      {"the child is made first", missing, {}, "make new", 0, Phase::progressing},
      {"the subset gets its name before its weight", other_subset, {}, "canary=new, weight 10", 0, Phase::progressing},
      {"a renamed subset is emptied first",
       other_subset_with_weight,
       {},
       "weight 0, canary=new, weight 10",
       0,
       Phase::progressing},
      {"first weight", view_at(0, 0), {}, "weight 10", 0, Phase::progressing},
      {"a weight counts when it shows", view_at(0, 10), {}, "", 1, Phase::progressing},
      {"an analysis starts", view_at(1, 10), {}, "analyse chat-new-1-1", 1, Phase::progressing},
      {"routes that disagree are put right first", unclear, {}, "weight 10", 1, Phase::progressing},
      {"an analysis under way", view_at(1, 10), run_in(P::running), "", 1, Phase::progressing},
      {"an analysis passed", view_at(1, 10), run_in(P::successful), "", 2, Phase::progressing},
      {"an analysis failed", view_at(1, 10), run_in(P::failed), "weight 0", 1, Phase::progressing},
      {"an analysis in error", view_at(1, 10), run_in(P::error), "weight 0", 1, Phase::progressing},
      {"an inconclusive analysis", view_at(1, 10), run_in(P::inconclusive), "", 1, Phase::paused},
      {"an abort", aborted, {}, "weight 0", 2, Phase::progressing},
      {"an abort while names are swapped", aborted_while_swapping, {}, "stable=old, weight 0", 3, Phase::progressing},
      {"a new template empties the canary first", changed, {}, "weight 0", 2, Phase::progressing},
      {"a template changed back", changed_back, {}, "weight 0", 2, Phase::progressing},
      {"all to the canary", view_at(3, 50), {}, "weight 100", 3, Phase::progressing},
      {"then stable's name", view_at(3, 100), {}, "stable=new", 3, Phase::progressing},
      {"then all to stable", swapped, {}, "weight 0", 3, Phase::progressing},
      {"then it is done", swapped_and_zero, {}, "", 3, Phase::healthy},
      {"routes that cannot be read hold", unreadable, {}, "", 1, Phase::progressing},
      {"spec.paused holds", paused, {}, "", 0, Phase::paused},
      {"promoted fully", full, {}, "weight 100", 3, Phase::progressing},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const Decision decision = next(row.view, row.analyses, now);
    CHECK(text_of(decision) == row.actions);
    CHECK(decision.progress.step == row.step);
    CHECK(name_of(decision.progress.phase) == name_of(row.phase));
  }
}

TEST_CASE("an analysis goes on while its canary restarts, and its failure counts at once") {
  using P = delivery::analysis::Phase;
  auto restarting = view_at(1, 10);
  restarting.revisions[1].is_ready = false;
  auto paused = view_at(1, 10);
  paused.spec.paused = true;
  auto moved = view_at(1, 30);
  for (const auto& view : {view_at(1, 10), restarting, paused, moved}) {
    CHECK(next(view, run_in(P::running), now).analyses == std::vector<std::string>{"chat-new-1-1"});
  }
  const Decision decision = next(restarting, run_in(P::failed), now);
  CHECK(decision.progress.abort);
  CHECK(text_of(decision) == "weight 0");
  CHECK(decision.analyses.empty());
}

TEST_CASE("weights and revision labels are edited where the routes name them, and nowhere else") {
  auto objects = *objects::parse_manifest(delivery::testing::traffic_yaml, "t.yaml");
  Routing routing;
  core::doc::Value& service = objects[0].document();
  CHECK(*canary_weight(service, routing) == 0);
  REQUIRE(set_canary_weight(service, routing, 30).has_value());
  CHECK(*canary_weight(service, routing) == 30);
  CHECK(service["spec"]["http"][std::size_t{0}]["route"][std::size_t{0}]["weight"].int_or(0) == 70);
  routing.routes = {"other"};
  CHECK(canary_weight(service, routing).error().message.find("no http route named \"other\"") != std::string::npos);
  routing.routes = {"primary"};
  routing.canary_subset = "v2";
  CHECK(canary_weight(service, routing).error().message.find("no destination for subset \"v2\"") != std::string::npos);

  core::doc::Value& rule = objects[1].document();
  CHECK(*subset_hash(rule, "stable") == "");
  REQUIRE(set_subset_hash(rule, "stable", "abc").has_value());
  CHECK(*subset_hash(rule, "stable") == "abc");
  CHECK(!set_subset_hash(rule, "blue", "abc").has_value());

  auto fresh = *objects::parse_manifest(delivery::testing::traffic_yaml, "t.yaml");
  keep_live_weights(fresh[0].document(), service);
  keep_live_subsets(fresh[1].document(), rule);
  CHECK(fresh[0].spec() == objects[0].spec());
  CHECK(fresh[1].spec() == objects[1].spec());
}

TEST_CASE("a Rollout's mistakes are named with their place") {
  const auto problem = [](const std::string& steps) {
    auto spec = parse_spec((*objects::parse_manifest(delivery::testing::rollout_yaml(steps), "r.yaml"))[0]);
    return spec ? std::string() : spec.error().render();
  };
  CHECK(problem("[{setWeight: 10}]") == "");
  CHECK(problem("[{setWieght: 10}]").find("did you mean \"setWeight\"") != std::string::npos);
  CHECK(problem("[{setWeight: 110}]").find("r.yaml:") != std::string::npos);
  CHECK(problem("[{setWeight: 10, pause: {}}]").find("must be one of") != std::string::npos);
  CHECK(problem("[{analysis: {templates: []}}]").find("at least one template") != std::string::npos);
}
