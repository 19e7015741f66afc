#include "pods/workloads/autoscaler_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/quantity.hpp"
#include "core/seconds.hpp"

namespace slipway::pods::workloads {
namespace {

constexpr auto default_window_down = std::chrono::minutes(5);

int as_count(double replicas) {
  return static_cast<int>(std::clamp(replicas, 0.0, static_cast<double>(std::numeric_limits<int>::max())));
}

struct Sums {
  std::int64_t usage = 0, request = 0, pods = 0;
  void add(std::int64_t used, std::int64_t asked) {
    usage += used;
    request += asked;
    ++pods;
  }
  double ratio(const Target& target) const {
    const auto whole = target.is_percent ? static_cast<double>(request) / 100 : static_cast<double>(pods);
    return static_cast<double>(usage) / whole / static_cast<double>(target.value);
  }
};

bool is_within(const Target& target, double ratio) {
  return ratio >= 1.0 - target.tolerance_down && ratio <= 1.0 + target.tolerance_up;
}

ScalingRules read_rules(const doc::Value& given, ScalingRules rules) {
  if (!given["stabilizationWindowSeconds"].is_null())
    rules.window = core::capped_seconds(given["stabilizationWindowSeconds"].int_or(0));
  rules.select = given["selectPolicy"].string_or(rules.select);
  if (const auto tolerance = core::Quantity::parse(given["tolerance"].string_or("")))
    rules.tolerance = static_cast<double>(tolerance->milli()) / 1000;
  const doc::Value& policies = given["policies"];
  if (policies.size() == 0) return rules;
  rules.policies.clear();
  for (std::size_t i = 0; i < policies.size(); ++i) {
    rules.policies.push_back({policies[i]["type"].string_or("") == "Percent",
                              static_cast<int>(policies[i]["value"].int_or(0)),
                              core::capped_seconds(policies[i]["periodSeconds"].int_or(0))});
  }
  return rules;
}

int sum_since(const std::vector<History::Entry>& entries, Time since) {
  int sum = 0;
  for (const auto& entry : entries) sum += entry.at > since ? entry.count : 0;
  return sum;
}

// How many there may be at most (when it grows) or at least, by the policies. Of several the one that changes most
// counts, or with Min the one that changes least.
int limit_of(const ScalingRules& rules, bool grows, int current, const History& history, Time now) {
  if (rules.select == "Disabled") return current;
  const bool takes_highest = grows == (rules.select != "Min");
  std::optional<int> limit;
  for (const auto& policy : rules.policies) {
    const Time since = now - policy.period;
    const int began = current - sum_since(history.added, since) + sum_since(history.removed, since);
    const double part = policy.is_percent ? began * (policy.value / 100.0) : policy.value;
    const int allowed = grows ? as_count(std::ceil(began + part - 1e-9)) : as_count(std::floor(began - part + 1e-9));
    limit = !limit ? allowed : takes_highest ? std::max(*limit, allowed) : std::min(*limit, allowed);
  }
  const int result = limit.value_or(current);
  return grows ? std::max(result, current) : std::min(result, current);
}

int stabilised(const Behavior& behavior, int current, int recommended, const History& history, Time now) {
  int lowest = recommended, highest = recommended;
  for (const auto& [at, count] : history.recommendations) {
    if (at > now - behavior.up.window) lowest = std::min(lowest, count);
    if (at > now - behavior.down.window) highest = std::max(highest, count);
  }
  if (!behavior.is_given) return highest;
  return std::min(std::max(current, lowest), highest);
}

void limit_growth(Decision& decision, const Behavior& behavior, int current, int most, const History& history,
                  Time now) {
  const int rate =
      behavior.is_given ? limit_of(behavior.up, true, current, history, now) : as_count(std::max(2.0 * current, 4.0));
  if (decision.replicas <= std::min(most, rate)) return;
  decision.limited =
      most > rate
          ? Decision::Note{true, "ScaleUpLimit",
                           "the desired replica count is increasing faster than the maximum scale rate"}
          : Decision::Note{true, "TooManyReplicas", "the desired replica count is more than the maximum replica count"};
  decision.replicas = std::min(most, rate);
}

void limit_shrinking(Decision& decision, const Behavior& behavior, int current, int least, const History& history,
                     Time now) {
  const int rate =
      behavior.is_given && decision.replicas < current ? limit_of(behavior.down, false, current, history, now) : 0;
  if (decision.replicas >= std::max(least, rate)) return;
  decision.limited =
      least < rate
          ? Decision::Note{true, "ScaleDownLimit",
                           "the desired replica count is decreasing faster than the maximum scale rate"}
          : Decision::Note{true, "TooFewReplicas", "the desired replica count is less than the minimum replica count"};
  decision.replicas = std::max(least, rate);
}

}  // namespace

std::optional<Proposal> propose(const Target& target, int current, const std::vector<PodSample>& samples) {
  using State = PodSample::State;
  Sums counted;
  bool any_unready = false, any_missing = false;
  for (const auto& sample : samples) {
    if (sample.state == State::counted) counted.add(sample.usage, sample.request);
    any_unready = any_unready || sample.state == State::unready;
    any_missing = any_missing || sample.state == State::missing;
  }
  if (counted.pods == 0 || target.value <= 0 || (target.is_percent && counted.request == 0)) return std::nullopt;
  Proposal proposal;
  proposal.replicas = current;
  proposal.average = counted.usage / counted.pods;
  if (counted.request > 0) proposal.percent = counted.usage * 100 / counted.request;
  const double ratio = counted.ratio(target);
  const bool counts_unready = any_unready && ratio > 1.0;
  if (!counts_unready && !any_missing) {
    if (!is_within(target, ratio))
      proposal.replicas = as_count(std::ceil(ratio * static_cast<double>(counted.pods) - 1e-9));
    return proposal;
  }
  // Those nobody knows are taken to be as would dampen the change.
  Sums all = counted;
  for (const auto& sample : samples) {
    if (sample.state == State::unready && counts_unready) all.add(0, sample.request);
    if (sample.state != State::missing || ratio == 1.0) continue;
    const auto full =
        target.is_percent ? sample.request * std::max<std::int64_t>(target.value, 100) / 100 : target.value;
    all.add(ratio < 1.0 ? full : 0, sample.request);
  }
  const double dampened = all.ratio(target);
  const int replicas = as_count(std::ceil(dampened * static_cast<double>(all.pods) - 1e-9));
  const bool turns = (ratio < 1.0) != (dampened < 1.0);
  const bool turns_by_number = dampened < 1.0 ? replicas > current : replicas < current;
  if (!is_within(target, dampened) && !turns && !turns_by_number) proposal.replicas = replicas;
  return proposal;
}

Behavior read_behavior(const doc::Value& spec) {
  using std::chrono::seconds;
  Behavior behavior;
  behavior.is_given = !spec["behavior"].is_null();
  const ScalingRules up{{}, "Max", {{false, 4, seconds(15)}, {true, 100, seconds(15)}}, {}};
  const ScalingRules down{default_window_down, "Max", {{true, 100, seconds(15)}}, {}};
  behavior.up = read_rules(spec["behavior"]["scaleUp"], up);
  behavior.down = read_rules(spec["behavior"]["scaleDown"], down);
  return behavior;
}

void History::trim(const Behavior& behavior, Time now) {
  const auto forget = [now](std::vector<Entry>& entries, Duration kept) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.at <= now - kept; });
  };
  Duration longest{};
  for (const auto* rules : {&behavior.up, &behavior.down}) {
    for (const auto& policy : rules->policies) longest = std::max(longest, policy.period);
  }
  forget(recommendations, std::max(behavior.up.window, behavior.down.window));
  forget(added, longest);
  forget(removed, longest);
}

Decision decide(const Behavior& behavior, int current, int recommended, int least, int most, History& history,
                Time now) {
  history.trim(behavior, now);
  Decision decision;
  decision.replicas = stabilised(behavior, current, recommended, history, now);
  history.recommendations.push_back({now, recommended});
  decision.able = {true, "ReadyForNewScale", "recommended size matches current size"};
  if (decision.replicas != recommended && behavior.is_given && recommended >= current) {
    decision.able = {true, "ScaleUpStabilized",
                     "recent recommendations were lower than current one, applying the lowest recent recommendation"};
  } else if (decision.replicas != recommended) {
    decision.able = {true, "ScaleDownStabilized",
                     "recent recommendations were higher than current one, applying the highest recent recommendation"};
  }
  decision.limited = {false, "DesiredWithinRange", "the desired count is within the acceptable range"};
  if (decision.replicas > current || !behavior.is_given) limit_growth(decision, behavior, current, most, history, now);
  if (decision.replicas < current || !behavior.is_given)
    limit_shrinking(decision, behavior, current, least, history, now);
  return decision;
}

}  // namespace slipway::pods::workloads
