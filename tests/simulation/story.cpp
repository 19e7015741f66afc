#include "story.hpp"

#include <algorithm>

#include "final_checks.hpp"
#include "objects/object.hpp"

namespace slipway::simulation {
namespace {

using namespace std::chrono_literals;
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

std::string phase_of(const Value& promotion) { return promotion["status"]["phase"].string_or(""); }
bool is_over(const std::string& phase) {
  return phase == "Succeeded" || phase == "Failed" || phase == "RolledBack" || phase == "Rejected";
}
std::string name_of(const Value& object) {
  return object["metadata"]["namespace"].string_or("") + "/" + object["metadata"]["name"].string_or("");
}

Result<> register_baseline(Game& game) {
  for (const char* version : {"v0", "v1", "v2"})
    TRY(game.surroundings().blobs->put("weights of " + std::string(version)));
  const Digest weights = Digest::of("weights of v0");
  TRY(game.ask(ada, "POST", "models/" + model + "/versions",
               Object{{"version", "v0"}, {"weights", weights.text()}, {"format", "gguf"}}));
  game.surroundings().acknowledged.versions["v0"] = weights.text();
  return {};
}

// The team served v0 before it adopted Slipway.
Result<> install_baseline(Game& game) {
  TRY(register_baseline(game));
  Array items;
  for (const char* file :
       {"environments/dev.yaml", "environments/staging.yaml", "environments/production.yaml", "slo/availability.yaml",
        "deploy/production/llmdeployment.yaml", "deploy/production/traffic.yaml", "deploy/production/analysis.yaml",
        "deploy/production/rollout.yaml"}) {
    TRY_ASSIGN(auto list, objects::parse_manifest(game.surroundings().files.at(file), file));
    for (auto& object : list) {
      if (object.kind() == "LLMDeployment") {
        object.document().set_path("spec.model.version", "v0");
        object.document().set_path("spec.model.modelUri", "model-registry://" + model + "/v0");
        object.document().set_path("spec.model.checksums.sha256", Digest::of("weights of v0").hex());
      }
      items.push_back(std::move(object.document()));
    }
  }
  TRY(game.ask(grace, "POST", "apply", Object{{"items", std::move(items)}}));
  TRY(game.wait_for(
      "rollout", [](const Value& rollout) { return rollout["status"]["phase"].string_or("") == "Healthy"; }, 10min));
  game.note("v0 serves");
  return {};
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
}

void change_for_v2(std::map<std::string, std::string>& files) {
  replace(files.at("model.yaml"), "version: v1", "version: v2");
  replace(files.at("model.yaml"), "context: 1024", "context: 256");
  for (const char* environment : {"dev", "staging", "production"}) {
    replace(files.at("deploy/" + std::string(environment) + "/llmdeployment.yaml"), "maxSequenceLength: 1024",
            "maxSequenceLength: 256");
  }
}

// Pushes until its workflow has succeeded; only a step that was killed may fail one.
Result<> push(Game& game, const std::string& version) {
  auto& s = game.surroundings();
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const std::string commit = s.source.push(model, s.files, version + ", push " + std::to_string(attempt), ada);
    s.acknowledged.pushes.push_back(commit);
    game.chaos().tempt();
    game.note("pushed " + version + " as " + commit.substr(0, 7));
    TRY_ASSIGN(const Value run, game.wait_for(
                                    "runs/" + commit,
                                    [](const Value& r) {
                                      const auto phase = r["phase"].string_or("");
                                      return phase != "Pending" && phase != "Running";
                                    },
                                    30min));
    game.note("its workflow: " + run["phase"].string_or("") + " " + run["message"].string_or(""));
    if (run["phase"].string_or("") == "Succeeded") return {};
    const bool was_hit = std::ranges::any_of(s.started, [&](const Started& started) {
      return started.run == run["id"].string_or("?") && game.chaos().hit_pod(started.pod);
    });
    if (!was_hit)
      return fail(Code::failed_precondition, "the workflow of " + version + " ended " + run["phase"].string_or("") +
                                                 " and nobody hit it: " + run["message"].string_or(""));
  }
  return fail(Code::failed_precondition, "the workflow of " + version + " never succeeds");
}

// Exactly the subject, by somebody else. Whatever else is tried is refused.
Result<> approve(Game& game, const Value& promotion) {
  auto& s = game.surroundings();
  const std::string path = "promotions/" + name_of(promotion) + "/approve";
  const std::string subject = promotion["status"]["subject"].string_or("");
  if (game.ask(linus, "POST", path, Object{{"subject", Digest::of("another").text()}}))
    game.violated("an approval of another subject was accepted");
  if (game.ask(ada, "POST", path, Object{{"subject", subject}}))
    game.violated("the requester approved her own promotion");
  if (game.ask(grace, "POST", path, Object{{"subject", subject}}))
    game.violated("a platform engineer approved as if she were a tech lead");
  const auto approved = game.ask(linus, "POST", path, Object{{"subject", subject}});
  // The first answer may be lost: then it stands already, or the promotion went on.
  if (!approved && approved.error().code != Code::already_exists && approved.error().code != Code::failed_precondition)
    return fail(approved.error());
  s.acknowledged.approvals[name_of(promotion)] = subject;
  game.note("linus approved " + name_of(promotion));
  game.chaos().tempt();
  return {};
}

// One promotion to its end; returns its phase.
Result<std::string> promote(Game& game, const std::string& version, const std::string& environment) {
  const std::string& person = environment == "production" ? ada : grace;
  TRY_ASSIGN(const Value asked, game.ask(person, "POST", "promotions",
                                         Object{{"model", model}, {"version", version}, {"environment", environment}}));
  game.surroundings().acknowledged.promotions.insert(name_of(asked));
  game.note("asked for " + name_of(asked));
  game.chaos().tempt();
  // One of another commit may come first: whoever waits sees what waits for an approval.
  std::string watched = name_of(asked);
  for (;;) {
    TRY_ASSIGN(const Value now,
               game.wait_for(
                   "waiting/" + environment + "/" + watched,
                   [](const Value& p) { return is_over(phase_of(p)) || phase_of(p) == "AwaitingApproval"; }, 40min));
    if (phase_of(now) == "AwaitingApproval") {
      TRY(approve(game, now));
      TRY(game.wait_for(
          "promotions/" + name_of(now),
          [](const Value& p) { return phase_of(p) != "AwaitingApproval" && phase_of(p) != "Gating"; }, 10min));
      if (environment == "production") game.surroundings().open_the_shop();
      TRY_ASSIGN(
          const Value end,
          game.wait_for("promotions/" + name_of(now), [](const Value& p) { return is_over(phase_of(p)); }, 60min));
      game.note(name_of(now) + " ended " + phase_of(end) + ": " + end["status"]["message"].string_or(""));
      return phase_of(end);
    }
    game.note(watched + " ended " + phase_of(now) + ": " + now["status"]["message"].string_or(""));
    return phase_of(now);
  }
}

// Again when a fault explains that it did not get there.
Result<> promote_for_good(Game& game, const std::string& version, const std::string& environment) {
  for (int attempt = 1; attempt <= 4; ++attempt) {
    const core::Time began = game.surroundings().world.clock.now();
    TRY_ASSIGN(const std::string end, promote(game, version, environment));
    if (end == "Succeeded") return {};
    if (game.chaos().last_kill() < began - 5min)
      return fail(Code::failed_precondition,
                  version + " to " + environment + " ended " + end + " though nothing was killed");
  }
  return fail(Code::failed_precondition, version + " never gets to " + environment);
}

}  // namespace

Result<> play_story(Game& game) {
  TRY(install_baseline(game));
  TRY(push(game, "v1"));
  TRY(promote_for_good(game, "v1", "staging"));
  game.chaos().spare_the_judged(true);
  TRY(promote_for_good(game, "v1", "production"));
  game.chaos().spare_the_judged(false);

  change_for_v2(game.surroundings().files);
  TRY(push(game, "v2"));
  TRY(promote_for_good(game, "v2", "staging"));
  TRY_ASSIGN(const std::string end, promote(game, "v2", "production"));
  if (end != "RolledBack") game.violated("v2 was not rolled back but ended " + end);
  game.chaos().end();
  game.run([] { return false; }, 90s);
  check_end(game);
  return {};
}

}  // namespace slipway::simulation
