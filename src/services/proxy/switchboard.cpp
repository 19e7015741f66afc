#include "services/proxy/switchboard.hpp"

#include "core/log.hpp"

namespace slipway::services::proxy {
namespace {

constexpr Duration retry_period = std::chrono::seconds(2);

}  // namespace

std::map<Place, std::size_t> places_of(const Rules& rules) {
  std::map<Place, std::size_t> places;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].endpoints.empty()) continue;
    for (const Address& at : rules[i].listen) places.try_emplace({rules[i].protocol, at}, i);
  }
  return places;
}

void Switchboard::follow(const Rules& rules) {
  has_rules_ = true;
  rules_ = rules;
  auto old_balances = std::exchange(balances_, {});
  for (const Rule& rule : rules) {
    const std::pair key(rule.name, rule.protocol);
    const auto old = old_balances.find(key);
    const auto balance = old != old_balances.end() ? old->second : std::make_shared<Balance>();
    balance->set(rule.endpoints, std::chrono::seconds(rule.affinity_seconds));
    balances_[key] = balance;
  }
  const auto places = places_of(rules);
  std::erase_if(problems_, [&](const auto& problem) { return !places.contains(problem.first); });
  std::erase_if(fronts_, [&](auto& front) {
    if (places.contains(front.first)) return false;
    front.second->close();
    Poller::forget(*front.second);
    poller_.bury(std::move(front.second));
    return true;
  });
  for (const auto& [place, number] : places) {
    const auto& balance = balances_[{rules[number].name, rules[number].protocol}];
    if (const auto there = fronts_.find(place); there != fronts_.end()) {
      there->second->follow(balance);
    } else {
      open(place, rules[number].name, balance);
    }
  }
  traffic_.listeners = fronts_.size();
  plan_retry();
}

void Switchboard::open(const Place& place, const std::string& rule, const std::shared_ptr<Balance>& balance) {
  auto front = open_front(poller_, traffic_, place.protocol, place.at, balance);
  if (front) {
    fronts_[place] = std::move(*front);
    problems_.erase(place);
    return;
  }
  const std::string why = front.error().one_line();
  if (problems_[place].why != why) log::warn("services", "a Service is not served", {{"service", rule}, {"why", why}});
  problems_[place] = {rule, why};
}

void Switchboard::plan_retry() {
  if (problems_.empty() || std::exchange(is_retry_planned_, true)) return;
  poller_.after(retry_period, [this] {
    is_retry_planned_ = false;
    follow(Rules(rules_));
  });
}

void Switchboard::close() {
  follow({});
  while (!traffic_.flows.empty()) traffic_.flows.begin()->second->cut();
}

}  // namespace slipway::services::proxy
