#pragma once
// The door of slo: service level objectives from OpenSLO files. Keeps the status of every SLO object current from a
// Prometheus, and renders what that Prometheus needs (prometheus.hpp, rules.hpp). traffic.hpp reads what each version
// served. It starts no process.
//
// Thread: the control loop only.

#include <memory>

#include "core/events.hpp"
#include "objects/store.hpp"
#include "slo/query.hpp"

namespace slipway::slo {

struct Options {
  core::Duration interval = std::chrono::seconds(5);  // between two looks at one SLO
};

class Slo {
 public:
  // References outlive it. Records an event when an objective changes its state.
  Slo(core::World& world, objects::Store& store, PrometheusQuery& prometheus, core::EventSink& events,
      Options options = {});
  ~Slo();
  Result<> start();

  // The recording and alerting rules of every valid SLO in the store: the rule file of prometheus.hpp.
  Result<std::string> rule_file() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // answers under way find it gone when we are
};

}  // namespace slipway::slo
