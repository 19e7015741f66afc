#pragma once
// The simulated world's Prometheus: scrapes functions on virtual time and answers queries from memory, through the
// interface of the real one. Faults: stop() scraping (stale and missing data), make queries fail.

#include <functional>
#include <memory>
#include <string>

#include "slo/promql/series.hpp"
#include "slo/query.hpp"

namespace slipway::slo::promql {

class SimulatedPrometheus final : public PrometheusQuery {
 public:
  explicit SimulatedPrometheus(core::World& world, core::Duration scrape_interval = std::chrono::seconds(2));
  ~SimulatedPrometheus() override;

  // `exposition` gives the target's metrics in text format; an error is a failed scrape: up 0 and no samples.
  void add_target(const std::string& job, const std::string& instance, std::function<Result<std::string>()> exposition);
  void start();  // scrapes until stop(); again after SimulatedWorld::crash_control_plane(), which forgets its timer
  void stop();
  void scrape_now();
  void set_query_fault(std::function<Result<>()> fault);  // an error is what every query answers
  const SeriesStore& store() const;

  void query(std::string promql, Done done) override;
  void query_range(std::string promql, core::Duration window, core::Duration step, Done done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::slo::promql
