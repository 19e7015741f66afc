#include "server/overview.hpp"

#include <algorithm>

namespace slipway::server {
namespace {

using objects::Object;

std::string text_or_empty(const doc::Value& value) { return value.string_or(""); }

// Environments in the order a version passes them.
std::vector<const Object*> in_order(const std::vector<Object>& environments) {
  std::vector<const Object*> sorted;
  for (const Object& environment : environments) sorted.push_back(&environment);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Object* a, const Object* b) {
    return a->spec()["order"].int_or(0) < b->spec()["order"].int_or(0);
  });
  return sorted;
}

// The newest promotion of that version to that environment.
const Object* promotion_of(const OverviewInputs& inputs, const VersionSummary& version, std::string_view environment) {
  const Object* newest = nullptr;
  for (const Object& promotion : inputs.promotions) {
    const doc::Value& spec = promotion.spec();
    if (text_or_empty(spec["model"]) != version.model || text_or_empty(spec["version"]) != version.version) continue;
    if (text_or_empty(spec["environment"]) != environment) continue;
    if (newest == nullptr || newest->created() < promotion.created()) newest = &promotion;
  }
  return newest;
}

doc::Object stage(std::string_view name, std::string_view state, std::string_view at, std::string_view detail) {
  doc::Object result{{"stage", name}, {"state", state}};
  if (!at.empty()) result.set("at", at);
  if (!detail.empty()) result.set("detail", detail);
  return result;
}

std::string_view state_of_phase(std::string_view phase) {
  if (phase == "Succeeded") return "done";
  if (phase == "Failed" || phase == "RolledBack" || phase == "Rejected" || phase == "Error" || phase == "Cancelled")
    return "failed";
  return "running";
}

std::string approvers(const Object& promotion) {
  std::string names;
  const doc::Value& approvals = promotion.status()["approvals"];
  for (const doc::Value& approval : approvals.is_array() ? approvals.as_array() : doc::Array{}) {
    names += (names.empty() ? "" : ", ") + text_or_empty(approval["by"]);
  }
  return names;
}

doc::Array path_of(const OverviewInputs& inputs, const VersionSummary& version) {
  doc::Array path;
  const bool committed = !version.commit.empty();
  path.push_back(stage("commit", committed ? "done" : "waiting", "",
                       committed ? version.author + " pushed " + version.commit.substr(0, 7) : "registered by hand"));
  const auto run = std::find_if(inputs.runs.begin(), inputs.runs.end(),
                                [&](const RunSummary& r) { return committed && r.commit == version.commit; });
  if (run != inputs.runs.end()) {
    path.push_back(stage("build", state_of_phase(run->phase), core::render_rfc3339(run->started),
                         run->name + ": " + (run->message.empty() ? run->steps : run->message)));
  }
  for (const Object* environment : in_order(inputs.environments)) {
    const std::string name = environment->name().name;
    const Object* promotion = promotion_of(inputs, version, name);
    const bool needs_approval = environment->spec()["approvals"]["required"].int_or(0) > 0;
    const std::string phase = promotion == nullptr ? "" : text_or_empty(promotion->status()["phase"]);
    if (needs_approval) {
      const std::string by = promotion == nullptr ? "" : approvers(*promotion);
      path.push_back(stage("approval",
                           phase == "AwaitingApproval" ? "running"
                           : phase == "Rejected"       ? "failed"
                           : !by.empty()               ? "done"
                                                       : "waiting",
                           "",
                           phase == "AwaitingApproval" ? "waits for a decision"
                           : by.empty()                ? ""
                                                       : "by " + by));
    }
    if (promotion == nullptr || phase == "AwaitingApproval") {
      path.push_back(stage(name, "waiting", "", ""));
    } else {
      path.push_back(stage(name, state_of_phase(phase.empty() ? "Pending" : phase),
                           text_or_empty(promotion->status()["startedAt"]),
                           text_or_empty(promotion->status()["message"])));
    }
  }
  return path;
}

doc::Object render_version(const OverviewInputs& inputs, const VersionSummary& version) {
  doc::Object metrics;
  for (const auto& [name, value] : version.metrics) metrics.set(name, value);
  return {{"model", version.model},
          {"version", version.version},
          {"commit", version.commit},
          {"author", version.author},
          {"subject", version.subject},
          {"weights", version.weights},
          {"created", core::render_rfc3339(version.created)},
          {"metrics", std::move(metrics)},
          {"path", path_of(inputs, version)}};
}

std::int64_t canary_weight(const Object& rollout) {
  return rollout.status()["canary"]["weights"]["canary"]["weight"].int_or(0);
}

// The model that a Rollout serves: its template's.
std::string model_of(const OverviewInputs& inputs, const Object& rollout) {
  const std::string workload = text_or_empty(rollout.spec()["workloadRef"]["name"]);
  for (const Object& deployment : inputs.llm_deployments) {
    if (deployment.name().ns == rollout.name().ns && deployment.name().name == workload)
      return text_or_empty(deployment.spec()["model"]["name"]);
  }
  return rollout.name().name;
}

doc::Object share_of(std::string_view model, std::string_view version, std::int64_t share) {
  return {{"model", model}, {"version", version}, {"share", share}};
}

void add_shares(doc::Array& serving, const OverviewInputs& inputs, const Object& rollout) {
  const doc::Value& ours = rollout.status()["slipway"];
  const std::string model = model_of(inputs, rollout);
  const std::string stable = text_or_empty(ours["stableVersion"]);
  const std::string canary = text_or_empty(ours["canaryVersion"]);
  const std::int64_t weight = canary == stable || canary.empty() ? 0 : canary_weight(rollout);
  if (!stable.empty()) serving.push_back(share_of(model, stable, 100 - weight));
  if (weight > 0) serving.push_back(share_of(model, canary, weight));
}

// A Rollout's template or one of its revisions: the Rollout speaks for it.
bool belongs_to_rollout(const OverviewInputs& inputs, const Object& deployment) {
  return std::ranges::any_of(inputs.rollouts, [&](const Object& rollout) {
    return deployment.is_owned_by(rollout) ||
           (deployment.name().ns == rollout.name().ns &&
            deployment.name().name == text_or_empty(rollout.spec()["workloadRef"]["name"]));
  });
}

doc::Object render_environment(const OverviewInputs& inputs, const Object& environment) {
  const std::string ns = environment.spec()["namespace"].string_or(environment.name().name);
  doc::Array serving;
  doc::Value since;
  for (const Object& rollout : inputs.rollouts) {
    if (rollout.name().ns == ns) add_shares(serving, inputs, rollout);
  }
  for (const Object& deployment : inputs.llm_deployments) {
    const bool is_ready = deployment.name().ns == ns && text_or_empty(deployment.status()["phase"]) == "Ready";
    if (!is_ready || belongs_to_rollout(inputs, deployment)) continue;
    const doc::Value& model = deployment.spec()["model"];
    serving.push_back(share_of(text_or_empty(model["name"]), text_or_empty(model["version"]), 100));
  }
  Time newest{};
  for (const Object& promotion : inputs.promotions) {
    if (promotion.name().ns != ns || text_or_empty(promotion.status()["phase"]) != "Succeeded") continue;
    if (auto at = core::parse_rfc3339(text_or_empty(promotion.status()["finishedAt"])); at && *at > newest) {
      newest = *at;
      since = promotion.status()["finishedAt"];
    }
  }
  doc::Object result{{"name", environment.name().name}, {"serving", std::move(serving)}};
  if (!since.is_null()) result.set("since", std::move(since));
  return result;
}

std::string step_text(const doc::Value& step) {
  if (step["setWeight"].is_number()) return step["setWeight"].string_or("") + " % of the traffic";
  if (!step["pause"].is_null() || (step.is_object() && step.as_object().contains("pause"))) {
    const std::string duration = step["pause"]["duration"].string_or("");
    return duration.empty() ? "pause until somebody promotes" : "pause " + duration;
  }
  if (step["analysis"].is_object()) {
    std::string names;
    const doc::Value& templates = step["analysis"]["templates"];
    for (const doc::Value& t : templates.is_array() ? templates.as_array() : doc::Array{})
      names += (names.empty() ? "" : ", ") + text_or_empty(t["templateName"]);
    return "analysis: " + names;
  }
  return doc::render_json(step);
}

doc::Array render_analysis(const OverviewInputs& inputs, const Object& rollout) {
  const Object* newest = nullptr;
  for (const Object& run : inputs.analysis_runs) {
    if (run.is_owned_by(rollout) && (newest == nullptr || newest->created() <= run.created())) newest = &run;
  }
  doc::Array list;
  if (newest == nullptr) return list;
  const doc::Value& results = newest->status()["metricResults"];
  for (const doc::Value& result : results.is_array() ? results.as_array() : doc::Array{}) {
    doc::Value value;
    std::string text = text_or_empty(result["message"]);
    const doc::Value& measurements = result["measurements"];
    if (measurements.size() > 0) {
      const doc::Value& last = measurements[measurements.size() - 1];
      const std::string shown = text_or_empty(last["value"]);
      if (text.empty()) text = text_or_empty(last["message"]);
      if (text.empty()) text = shown.empty() ? "no data" : "measured " + shown;
      value = last["value"].is_number() ? last["value"] : doc::Value();
    }
    if (text.empty()) text = "not measured yet";
    list.push_back(doc::Object{{"name", text_or_empty(result["name"])},
                               {"phase", text_or_empty(result["phase"])},
                               {"value", std::move(value)},
                               {"text", std::move(text)}});
  }
  return list;
}

doc::Value render_rollout(const OverviewInputs& inputs, const Object& rollout) {
  const doc::Value& status = rollout.status();
  const doc::Value& ours = status["slipway"];
  const std::string phase = status["phase"].string_or("Progressing");
  const doc::Value& declared = rollout.spec()["strategy"]["canary"]["steps"];
  const bool over = phase == "Healthy";
  const std::int64_t current = over ? static_cast<std::int64_t>(declared.size()) : status["currentStepIndex"].int_or(0);
  doc::Array steps;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const std::string_view state = index < current       ? "done"
                                   : index > current     ? "next"
                                   : phase == "Degraded" ? "failed"
                                                         : "current";
    steps.push_back(doc::Object{{"text", step_text(declared[i])}, {"state", state}});
  }
  if (declared.size() > 0)
    steps.push_back(doc::Object{{"text", "100 % of the traffic"}, {"state", over ? "done" : "next"}});
  doc::Object result{{"name", rollout.name().text()},
                     {"phase", phase},
                     {"message", text_or_empty(status["message"])},
                     {"stable", text_or_empty(ours["stableVersion"])},
                     {"canary", text_or_empty(ours["canaryVersion"])},
                     {"weight", canary_weight(rollout)},
                     {"step", current},
                     {"steps", std::move(steps)},
                     {"verdict", text_or_empty(ours["verdict"])},
                     {"startedAt", text_or_empty(ours["startedAt"])},
                     {"analysis", render_analysis(inputs, rollout)}};
  return result;
}

doc::Array render_slos(const std::vector<Object>& slos) {
  doc::Array list;
  for (const Object& slo : slos) {
    const doc::Value& status = slo.status();
    doc::Object rates;
    if (status["burnRates"].is_object()) rates = status["burnRates"].as_object();
    list.push_back(
        doc::Object{{"name", slo.document()["metadata"]["displayName"].string_or(slo.name().name)},
                    {"objective", status["target"].is_number() ? status["target"]
                                                               : slo.spec()["objectives"][std::size_t{0}]["target"]},
                    {"window", text_or_empty(slo.spec()["timeWindow"][std::size_t{0}]["duration"])},
                    {"sli", status["sli"]},
                    {"budgetRemaining", status["budgetRemaining"]},
                    {"burnRate", std::move(rates)},
                    {"state", status["state"].string_or("no-data")},
                    {"message", text_or_empty(status["message"])}});
  }
  return list;
}

doc::Array render_approvals(const OverviewInputs& inputs) {
  doc::Array list;
  for (const Object& promotion : inputs.promotions) {
    const bool waits = text_or_empty(promotion.status()["phase"]) == "AwaitingApproval";
    const std::string by = approvers(promotion);
    if (!waits && by.empty()) continue;
    std::string needs;
    for (const Object& environment : inputs.environments) {
      if (environment.name().name != text_or_empty(promotion.spec()["environment"])) continue;
      const doc::Value& roles = environment.spec()["approvals"]["roles"];
      for (const doc::Value& role : roles.is_array() ? roles.as_array() : doc::Array{})
        needs += (needs.empty() ? "" : " or ") + text_or_empty(role);
    }
    list.push_back(doc::Object{{"promotion", promotion.name().text()},
                               {"subject", text_or_empty(promotion.status()["subject"])},
                               {"requestedBy", text_or_empty(promotion.spec()["requestedBy"])},
                               {"needs", std::move(needs)},
                               {"state", waits ? "waiting" : "approved"},
                               {"by", by}});
  }
  return list;
}

}  // namespace

doc::Value render_event(const core::Event& event) {
  doc::Object result{{"sequence", event.sequence},
                     {"time", core::render_rfc3339_micro(event.time)},
                     {"actor", event.actor},
                     {"action", event.action},
                     {"object", event.object}};
  if (!event.digest.empty()) result.set("digest", event.digest);
  if (!event.detail.empty()) result.set("detail", event.detail);
  if (event.seconds >= 0) result.set("seconds", event.seconds);
  return result;
}

doc::Value render_overview(const OverviewInputs& inputs) {
  doc::Array versions, environments, timeline;
  for (const VersionSummary& version : inputs.versions) versions.push_back(render_version(inputs, version));
  for (const Object* environment : in_order(inputs.environments))
    environments.push_back(render_environment(inputs, *environment));
  for (const core::Event& event : inputs.timeline) timeline.push_back(render_event(event));
  const Object* rollout = inputs.rollouts.empty() ? nullptr : &inputs.rollouts.front();
  for (const Object& candidate : inputs.rollouts) {
    if (candidate.status()["phase"].string_or("") == "Progressing") rollout = &candidate;
  }
  return doc::Object{{"time", core::render_rfc3339(inputs.now)},
                     {"platform", inputs.platform},
                     {"model", inputs.versions.empty() ? "" : inputs.versions.front().model},
                     {"versions", std::move(versions)},
                     {"environments", std::move(environments)},
                     {"rollout", rollout == nullptr ? doc::Value() : render_rollout(inputs, *rollout)},
                     {"traffic", inputs.traffic.is_array() ? inputs.traffic : doc::Value(doc::Array{})},
                     {"slos", render_slos(inputs.slos)},
                     {"approvals", render_approvals(inputs)},
                     {"timeline", std::move(timeline)}};
}

}  // namespace slipway::server
