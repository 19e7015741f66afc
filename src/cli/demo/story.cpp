#include "cli/demo/story.hpp"

#include <algorithm>
#include <cstdio>

#include "core/digest.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"
#include "objects/object.hpp"

namespace slipway::cli::demo {
namespace {

const Author ada{"Ada", "ada@example.com"};
const Author grace{"Grace", "grace@example.com"};
const Author linus{"Linus", "linus@example.com"};
const std::string model = "support-assistant";
constexpr std::chrono::seconds analysis_window{60};  // deploy/production/analysis.yaml
constexpr std::uint64_t told_failures = 10;          // of the load; the rest is counted

std::string object_path(const doc::Value& object, const std::string& collection) {
  return collection + "/" + net::url_encode(object["metadata"]["namespace"].string_or("")) + "/" +
         net::url_encode(object["metadata"]["name"].string_or(""));
}

std::string promotion_object(const doc::Value& promotion) {
  return "/apis/slipway.dev/v1alpha1/namespaces/" + promotion["metadata"]["namespace"].string_or("") + "/promotions/" +
         promotion["metadata"]["name"].string_or("");
}

bool is_over(const std::string& phase) {
  return phase == "Succeeded" || phase == "Failed" || phase == "RolledBack" || phase == "Rejected";
}

double seconds_between(const doc::Value& from, const doc::Value& to) {
  const auto start = core::parse_rfc3339(from.string_or(""));
  const auto end = core::parse_rfc3339(to.string_or(""));
  if (!start || !end) return -1;
  return static_cast<double>((*end - *start).count()) / 1e6;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", share * 100);
  return text;
}

}  // namespace

bool Outcome::good(bool tolerate_outages) const {
  return first_promoted && second_rolled_back && right_version_serves &&
         (tolerate_outages || failed_outside_canary == 0);
}

Story::Story(Workspace& workspace, Teller& teller, StoryOptions options)
    : workspace_(workspace), teller_(teller), options_(std::move(options)) {}

Story::~Story() {
  if (load_) load_->stop(std::chrono::seconds(0));
}

Result<doc::Value> Story::ask(const std::string& person, std::string_view method, const std::string& path,
                              const std::optional<doc::Value>& body) {
  Common common;
  common.data = workspace_.data();
  common.as = person;
  TRY_ASSIGN(Connection connection, connect(common));
  connection.patience = std::chrono::seconds(30);  // the control plane may just be coming back
  return call(connection, method, path, body, std::chrono::seconds(30));
}

Result<doc::Value> Story::wait_for(const std::string& what, core::Duration limit,
                                   const std::function<Result<std::optional<doc::Value>>()>& look) {
  Progress progress(what);
  const core::Instant start = core::real_clock().monotonic();
  for (;;) {
    TRY_ASSIGN(auto found, look());
    if (found) return std::move(*found);
    const core::Duration waited = core::real_clock().monotonic() - start;
    if (waited > limit)
      return fail(Code::deadline_exceeded, what + " took longer than " + core::render_for_people(limit),
                  "the platform's log is " + workspace_.root() + "/platform.log (use --keep)");
    progress.update(std::to_string(std::chrono::duration_cast<std::chrono::seconds>(waited).count()) + " s");
    core::sleep_for(std::chrono::milliseconds(200));
  }
}

Result<doc::Value> Story::wait_for_promotion(const doc::Value& promotion, const std::vector<std::string>& phases,
                                             core::Duration limit) {
  return wait_for("promotion " + promotion["metadata"]["name"].string_or(""), limit,
                  [&]() -> Result<std::optional<doc::Value>> {
                    TRY_ASSIGN(doc::Value now, ask(grace.email, "GET", promotion_object(promotion)));
                    const std::string phase = now["status"]["phase"].string_or("");
                    if (std::find(phases.begin(), phases.end(), phase) != phases.end() || is_over(phase)) return now;
                    return std::nullopt;
                  });
}

void Story::catch_up() {
  const std::lock_guard guard(timeline_mutex_);
  Common common;
  common.data = workspace_.data();
  auto connection = connect(common);
  if (!connection) return;
  auto entries =
      call(*connection, "GET", "/api/slipway/v1/timeline?after=" + std::to_string(told_until_) + "&limit=200",
           std::nullopt, std::chrono::seconds(5));
  if (!entries) return;
  const doc::Value& list = (*entries)["items"];
  for (const doc::Value& e : list.is_array() ? list.as_array() : doc::Array{}) {
    told_until_ = std::max(told_until_, static_cast<std::uint64_t>(e["sequence"].int_or(0)));
    if (e["action"].string_or("") == "token-issued") continue;
    teller_.tell({.actor = e["actor"].string_or(""),
                  .event = e["action"].string_or(""),
                  .object = e["object"].string_or(""),
                  .digest = e["digest"].string_or(""),
                  .detail = e["detail"].string_or(""),
                  .seconds = e["seconds"].double_or(-1)},
                 core::parse_rfc3339(e["time"].string_or("")).value_or(core::real_clock().now()));
  }
}

void Story::step(const std::string& number, const std::string& title) {
  catch_up();  // what happened belongs to the step it happened in
  teller_.begin_step(number, title);
}

void Story::listen() {
  listener_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      catch_up();
      core::sleep_for(std::chrono::milliseconds(150));
    }
  });
}

// The team already had a version when it adopted Slipway: the platform engineer installs production with it. A first
// version has nothing to be compared with, so no canary is possible.
Result<> Story::install_baseline() {
  step("0", "the platform engineer installs environments, objectives, and production as it is: v0");
  Common common;
  common.data = workspace_.data();
  common.as = ada.email;
  TRY_ASSIGN(const Connection connection, connect(common));
  TRY_ASSIGN(const doc::Value blob, upload(connection, "/api/slipway/v1/blobs", options_.weights));
  const std::string digest = blob["digest"].string_or("");
  TRY(ask(
      ada.email, "POST", "/api/slipway/v1/models/" + model + "/versions",
      doc::Object{
          {"version", "v0"}, {"description", "what the team served before"}, {"weights", digest}, {"format", "gguf"}}));

  doc::Array items;
  for (const char* file :
       {"environments/dev.yaml", "environments/staging.yaml", "environments/production.yaml", "slo/availability.yaml",
        "deploy/production/llmdeployment.yaml", "deploy/production/traffic.yaml", "deploy/production/analysis.yaml",
        "deploy/production/rollout.yaml"}) {
    TRY_ASSIGN(const std::string text, workspace_.read(file));
    TRY_ASSIGN(std::vector<objects::Object> list, objects::parse_manifest(text, file));
    for (objects::Object& object : list) {
      if (object.kind() == "LLMDeployment") {
        object.document().set_path("spec.model.version", "v0");
        object.document().set_path("spec.model.modelUri", "model-registry://" + model + "/v0");
        object.document().set_path("spec.model.checksums.sha256", digest.substr(digest.find(':') + 1));
      }
      items.push_back(std::move(object.document()));
    }
  }
  TRY(ask(grace.email, "POST", "/api/slipway/v1/apply", doc::Object{{"items", std::move(items)}}));
  TRY(wait_for("v0 in production", std::chrono::minutes(4), [&]() -> Result<std::optional<doc::Value>> {
    TRY_ASSIGN(doc::Value rollout,
               ask(grace.email, "GET", "/apis/argoproj.io/v1alpha1/namespaces/production/rollouts/" + model));
    if (rollout["status"]["phase"].string_or("") == "Healthy") return rollout;
    return std::nullopt;
  }));
  return {};
}

Result<> Story::declare_requirements() {
  step("1", "tech lead: what the product needs of the model");
  TRY_ASSIGN(const std::string text, workspace_.read("requirements.yaml"));
  TRY_ASSIGN(const doc::Value file, doc::parse_yaml(text, "requirements.yaml"));
  TRY(workspace_.commit({"requirements.yaml"}, linus, "requirements: quality floor, latency, cost ceiling"));
  teller_.tell({.actor = linus.email,
                .event = "declared",
                .object = "requirements.yaml",
                .digest = Digest::of(text).text(),
                .detail = "accuracy >= " + file.at_path("quality.accuracy.min").string_or("?") +
                          ", first token within " + file.at_path("latency.ttft_p95_seconds.max").string_or("?") +
                          " s, at most " + file.at_path("cost.euros_per_hour.max").string_or("?") + " euros an hour"});
  return {};
}

Result<> Story::push_version(const std::string& number, const std::string& version) {
  step(number, "ML engineer: git push of " + version);
  TRY_ASSIGN(const doc::Value endpoints, read_endpoints(workspace_.data()));
  TRY_ASSIGN(const std::string commit, workspace_.head());
  const std::string token = workspace_.data() + "/tokens/" + ada.email;
  TRY(wait_for("git push", std::chrono::minutes(1), [&]() -> Result<std::optional<doc::Value>> {
    auto pushed = workspace_.push(endpoints["git"].string_or("") + "/" + model + ".git", token);
    if (pushed) return doc::Value(true);
    if (pushed.error().message.find("onnect") != std::string::npos)
      return std::nullopt;  // the control plane is coming back
    return fail(std::move(pushed).error());
  }));

  step(number == "2" ? "3" : number, "the workflow: lint, register, bring up in dev, evaluate");
  std::string former;
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(const doc::Value run, finished_run(version, commit, former));
    if (run["phase"].string_or("") == "Succeeded") return {};
    const std::string why = run["phase"].string_or("") + ": " + run["message"].string_or("");
    former = run["id"].string_or("");
    if (!tries_again(attempt, "the workflow of " + version, why)) {
      return fail(Code::failed_precondition, "the workflow of " + version + " ended " + why,
                  "with --keep its logs stay: slipway runs logs " + former + " --data " + workspace_.data());
    }
    TRY(ask(ada.email, "POST", "/api/slipway/v1/runs/" + net::url_encode(former) + "/rerun"));
  }
}

Result<doc::Value> Story::finished_run(const std::string& version, const std::string& commit,
                                       const std::string& former) {
  return wait_for("the workflow of " + version, std::chrono::minutes(8), [&]() -> Result<std::optional<doc::Value>> {
    TRY_ASSIGN(const doc::Value runs, ask(ada.email, "GET", "/api/slipway/v1/runs"));
    const doc::Value& list = runs["items"];
    for (const doc::Value& run : list.is_array() ? list.as_array() : doc::Array{}) {  // the newest first
      if (run["id"].string_or("") == former) break;
      const std::string phase = run["phase"].string_or("");
      if (run["commit"].string_or("") == commit && phase != "Pending" && phase != "Running") return run;
    }
    return std::nullopt;
  });
}

bool Story::tries_again(int attempt, const std::string& what, const std::string& why) {
  constexpr int most_attempts = 4;
  if (!options_.tolerate_outages || attempt >= most_attempts) return false;
  teller_.say(what + " ended " + why + "; once more");
  return true;
}

Result<> Story::to_staging(const std::string& version) {
  step(version == "v1" ? "4" : "10", "platform engineer: " + version + " to staging");
  doc::Value end;
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(const doc::Value promotion,
               ask(grace.email, "POST", "/api/slipway/v1/promotions",
                   doc::Object{{"model", model}, {"version", version}, {"environment", "staging"}}));
    TRY_ASSIGN(end, wait_for_promotion(promotion, {}, std::chrono::minutes(5)));
    if (end["status"]["phase"].string_or("") == "Succeeded") break;
    const std::string why = end["status"]["phase"].string_or("") + ": " + end["status"]["message"].string_or("");
    if (!tries_again(attempt, version + " in staging", why))
      return fail(Code::failed_precondition, version + " in staging ended " + why);
  }
  step(version == "v1" ? "5" : "10", "the gates looked at the evidence");
  for (const doc::Value& gate : end["status"]["gates"].is_array() ? end["status"]["gates"].as_array() : doc::Array{}) {
    teller_.tell({.actor = "slipway/gates",
                  .event = gate["state"].string_or(""),
                  .object = "gate " + gate["name"].string_or(""),
                  .digest = "",
                  .detail = gate["detail"].string_or("")});
  }
  return {};
}

Result<doc::Value> Story::request_and_approve(const std::string& version) {
  step(version == "v1" ? "6" : "10", "ML engineer: asks for production");
  TRY_ASSIGN(
      doc::Value promotion,
      ask(ada.email, "POST", "/api/slipway/v1/promotions",
          doc::Object{
              {"model", model}, {"version", version}, {"environment", "production"}, {"reason", "staging is fine"}}));
  TRY_ASSIGN(promotion, wait_for_promotion(promotion, {"AwaitingApproval"}, std::chrono::minutes(2)));
  if (promotion["status"]["phase"].string_or("") != "AwaitingApproval") {
    return fail(Code::failed_precondition, "the promotion of " + version + " ended " +
                                               promotion["status"]["phase"].string_or("") + ": " +
                                               promotion["status"]["message"].string_or(""));
  }
  const std::string subject = promotion["status"]["subject"].string_or("");
  step(version == "v1" ? "7" : "10", "tech lead, a different person: approves exactly this digest");
  auto approved = ask(linus.email, "POST", object_path(promotion, "/api/slipway/v1/promotions") + "/approve",
                      doc::Object{{"subject", subject}, {"reason", "evidence looks good"}});
  // After a crash the first answer may be lost; that it stands is what counts.
  if (!approved && approved.error().code != Code::already_exists && approved.error().code != Code::failed_precondition)
    return fail(std::move(approved).error());
  return promotion;
}

Result<> Story::start_load() {
  if (load_) return {};
  TRY_ASSIGN(const doc::Value endpoints, read_endpoints(workspace_.data()));
  TRY_ASSIGN(const std::string text, workspace_.read("prompts/traffic.jsonl"));
  gateway::load::LoadOptions load;
  load.url = endpoints["gateway"].string_or("") + "/v1/chat/completions";
  load.host = "support.example.com";
  load.model = model;
  TRY_ASSIGN(load.prompts, gateway::load::parse_prompts(text, "prompts/traffic.jsonl"));
  load.rate = options_.rate;
  load.users = options_.users;
  load.max_in_flight = options_.max_in_flight;  // beyond it customers wait at the door: a laptop under load must not
                                                // drown its one model server
  load.seed = 7;
  TRY_ASSIGN(load_,
             gateway::load::LoadGenerator::start(std::move(load), [this](const gateway::load::Finished& request) {
               const std::lock_guard guard(samples_mutex_);
               ++outcome_.requests;
               const bool canary = judging_canary_ && request.subset == "canary";
               if (canary) ++outcome_.canary_requests;
               if (request.ok()) return;
               if (canary) {
                 ++outcome_.canary_failed;
               } else {
                 ++outcome_.failed_outside_canary;
                 if (outcome_.failed_outside_canary <= told_failures)
                   teller_.tell({.actor = "slipway/load",
                                 .event = "failed",
                                 .object = "request " + std::to_string(request.number),
                                 .digest = "",
                                 .detail = request.error + " " + request.message + " " + request.subset});
               }
             }));
  teller_.say("customers: " + core::render_for_people(core::Duration(static_cast<std::int64_t>(1e6 / options_.rate))) +
              " between requests, " + std::to_string(options_.users) +
              " users, streamed; nearly half paste the shop's whole policy");
  return {};
}

Result<doc::Value> Story::roll_out(const doc::Value& promotion, const std::string& version) {
  step(version == "v1" ? "8" : "10",
       "the rollout of " + version + ": 10 % -> 50 % -> 100 %, each step only on evidence");
  TRY(start_load());
  return wait_for_promotion(promotion, {}, std::chrono::minutes(8));
}

Result<doc::Value> Story::to_production(const std::string& version, const std::string& wanted) {
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(const doc::Value promotion, request_and_approve(version));
    TRY_ASSIGN(doc::Value end, roll_out(promotion, version));
    const std::string phase = end["status"]["phase"].string_or("");
    if (phase == wanted ||
        !tries_again(attempt, version + " in production", phase + ": " + end["status"]["message"].string_or("")))
      return end;
    // The analysis looks back a minute: what the outage cost the last attempt must not be held against the next.
    core::sleep_for(analysis_window + std::chrono::seconds(5));
  }
}

Result<> Story::show_around() {
  step("9", "everybody: the page, the status, the history");
  TRY_ASSIGN(const doc::Value endpoints, read_endpoints(workspace_.data()));
  teller_.tell({.actor = "slipway",
                .event = "serves",
                .object = "page " + endpoints["ui"].string_or(""),
                .digest = "",
                .detail = ""});
  teller_.say("slipway status --data " + workspace_.data());
  teller_.say("slipway history production --data " + workspace_.data());
  TRY_ASSIGN(const doc::Value history, ask(grace.email, "GET", "/api/slipway/v1/history/production"));
  for (const doc::Value& entry : history.is_array() ? history.as_array() : doc::Array{}) {
    std::string by;
    for (const doc::Value& approval : entry["approvals"].is_array() ? entry["approvals"].as_array() : doc::Array{})
      by += (by.empty() ? "" : ", ") + approval["by"].string_or("");
    teller_.say(entry["version"].string_or("") + " " + entry["outcome"].string_or("") +
                (by.empty() ? "" : ", approved by " + by) + ", " + entry["verdict"].string_or(""));
  }
  return {};
}

// An honest mistake: "our chats are short, a quarter of the context saves memory". Smoke tests and the evaluation are
// short too; customers who paste the shop's policy are not.
Result<> Story::change_for_v2() {
  TRY(workspace_.edit("model.yaml", "version: v1", "version: v2"));
  TRY(workspace_.edit("model.yaml", "context: 1024", "context: 256"));
  std::vector<std::string> changed{"model.yaml"};
  for (const char* environment : {"dev", "staging", "production"}) {
    changed.push_back("deploy/" + std::string(environment) + "/llmdeployment.yaml");
    TRY(workspace_.edit(changed.back(), "maxSequenceLength: 1024", "maxSequenceLength: 256"));
  }
  return workspace_.commit(changed, ada, "v2: chats are short, a quarter of the context saves memory");
}

Result<Outcome> Story::play() {
  listen();
  TRY(install_baseline());
  TRY(declare_requirements());
  TRY(workspace_.commit({"."}, ada, "v1: answers from the shop's own texts"));
  TRY(push_version("2", "v1"));
  TRY(to_staging("v1"));
  TRY_ASSIGN(const doc::Value first_end, to_production("v1", "Succeeded"));
  outcome_.first_promoted = first_end["status"]["phase"].string_or("") == "Succeeded";
  if (!outcome_.first_promoted) {
    return fail(Code::failed_precondition, "v1 was not promoted: " + first_end["status"]["phase"].string_or("") + ", " +
                                               first_end["status"]["message"].string_or(""));
  }
  TRY(show_around());

  step("10", "version 2, with a mistake that staging cannot see and customers would");
  TRY(change_for_v2());
  TRY(push_version("10", "v2"));
  TRY(to_staging("v2"));
  {
    const std::lock_guard guard(samples_mutex_);
    judging_canary_ = true;
  }
  TRY_ASSIGN(const doc::Value second_end, to_production("v2", "RolledBack"));
  outcome_.second_rolled_back = second_end["status"]["phase"].string_or("") == "RolledBack";
  load_->stop(std::chrono::seconds(20));

  TRY_ASSIGN(const doc::Value rollout,
             ask(grace.email, "GET", "/apis/argoproj.io/v1alpha1/namespaces/production/rollouts/" + model));
  const doc::Value& ours = rollout["status"]["slipway"];
  outcome_.verdict = ours["verdict"].string_or("");
  outcome_.serving = ours["stableVersion"].string_or("");
  const std::int64_t weight = rollout["status"]["canary"]["weights"]["canary"]["weight"].int_or(-1);
  outcome_.right_version_serves = outcome_.serving == "v1" && weight == 0;
  const doc::Value& steps = ours["steps"];
  const doc::Value& first_share = steps.size() > 0 ? steps[std::size_t{0}]["enteredAt"] : ours["startedAt"];
  outcome_.detected_seconds = seconds_between(first_share, ours["detectedAt"]);
  outcome_.restored_seconds = seconds_between(first_share, ours["restoredAt"]);
  listener_.request_stop();
  listener_.join();
  catch_up();
  teller_.tell({.actor = "slipway",
                .event = "report",
                .object = "production serves " + outcome_.serving,
                .digest = "",
                .detail = "canary failed " + std::to_string(outcome_.canary_failed) + " of " +
                          std::to_string(outcome_.canary_requests) + " requests" +
                          (outcome_.canary_requests == 0 ? ""
                                                         : " (" +
                                                               percent(static_cast<double>(outcome_.canary_failed) /
                                                                       static_cast<double>(outcome_.canary_requests)) +
                                                               ")") +
                          ", " + std::to_string(outcome_.failed_outside_canary) + " of " +
                          std::to_string(outcome_.requests - outcome_.canary_requests) + " elsewhere",
                .seconds = teller_.elapsed()});
  return outcome_;
}

}  // namespace slipway::cli::demo
