#pragma once
// Switchboard: what listens, by the rules of the moment. New rules change what is different and touch nothing else.
// Inside proxy/ only.

#include <map>

#include "services/proxy/front.hpp"

namespace slipway::services::proxy {

struct Place {
  Protocol protocol = Protocol::tcp;
  Address at;
  auto operator<=>(const Place&) const = default;
};

// Where to listen, and for which rule, by its number: nowhere for rules without endpoints, so that a connection is
// refused; of two rules for one place the first has it. Pure.
std::map<Place, std::size_t> places_of(const Rules& rules);

class Switchboard {
 public:
  explicit Switchboard(Poller& poller) : poller_(poller) {}
  void follow(const Rules& rules);
  bool has_rules() const { return has_rules_; }

  struct Problem {
    std::string rule;
    std::string why;
  };
  // Where it should listen and cannot; that is tried again.
  const std::map<Place, Problem>& problems() const { return problems_; }
  const Traffic& traffic() const { return traffic_; }
  void limit_descriptors(std::size_t most) { traffic_.descriptors = most; }
  std::size_t fronts() const { return fronts_.size(); }
  // Ends everything. Before the poller goes.
  void close();

 private:
  void open(const Place& place, const std::string& rule, const std::shared_ptr<Balance>& balance);
  void plan_retry();

  Poller& poller_;
  Traffic traffic_;
  Rules rules_;
  std::map<std::pair<std::string, Protocol>, std::shared_ptr<Balance>> balances_;  // by the rule's name
  std::map<Place, std::shared_ptr<Front>> fronts_;
  std::map<Place, Problem> problems_;
  bool has_rules_ = false;
  bool is_retry_planned_ = false;
};

}  // namespace slipway::services::proxy
