#include "slo/promql/simulated.hpp"

#include "core/log.hpp"
#include "slo/promql/promql.hpp"

namespace slipway::slo::promql {

struct SimulatedPrometheus::State {
  struct Target {
    Labels labels;
    std::function<Result<std::string>()> exposition;
  };
  core::World& world;
  core::Duration interval;
  SeriesStore store;
  std::vector<Target> targets;
  std::function<Result<>()> fault;
  std::uint64_t running = 0;  // which start() scrapes; 0: none
  std::uint64_t starts = 0;

  State(core::World& w, core::Duration i) : world(w), interval(i) {}

  void scrape() {
    const core::Time now = world.clock.now();
    for (const auto& target : targets) {
      const auto text = target.exposition();
      Labels up = target.labels;
      up["__name__"] = "up";
      store.append(up, now, text ? 1 : 0);
      if (!text) continue;
      if (auto scraped = store.scrape(*text, now, target.labels); !scraped) {
        log::warn("slo", "a scrape is not readable", {{"error", scraped.error().one_line()}});
      }
    }
  }

  static void tick(const std::weak_ptr<State>& weak, std::uint64_t start) {
    const auto state = weak.lock();
    if (!state || state->running != start) return;
    state->scrape();
    state->world.loop.after(state->interval, [weak, start] { tick(weak, start); });
  }
};

SimulatedPrometheus::SimulatedPrometheus(core::World& world, core::Duration scrape_interval)
    : state_(std::make_shared<State>(world, scrape_interval)) {}
SimulatedPrometheus::~SimulatedPrometheus() = default;

void SimulatedPrometheus::add_target(const std::string& job, const std::string& instance,
                                     std::function<Result<std::string>()> exposition) {
  state_->targets.push_back({{{"job", job}, {"instance", instance}}, std::move(exposition)});
}
void SimulatedPrometheus::start() {
  state_->running = ++state_->starts;
  std::weak_ptr<State> weak = state_;
  state_->world.loop.after(state_->interval, [weak, start = state_->running] { State::tick(weak, start); });
}
void SimulatedPrometheus::stop() { state_->running = 0; }
void SimulatedPrometheus::scrape_now() { state_->scrape(); }
void SimulatedPrometheus::set_query_fault(std::function<Result<>()> fault) { state_->fault = std::move(fault); }
const SeriesStore& SimulatedPrometheus::store() const { return state_->store; }

void SimulatedPrometheus::query(std::string promql, Done done) {
  std::weak_ptr<State> weak = state_;
  state_->world.loop.after(std::chrono::milliseconds(1),
                           [weak, promql = std::move(promql), done = std::move(done)]() mutable {
                             const auto state = weak.lock();
                             if (!state) return;
                             if (state->fault) {
                               if (auto broken = state->fault(); !broken) return done(fail(std::move(broken).error()));
                             }
                             const core::Time now = state->world.clock.now();
                             const auto expression = Expression::parse(promql);
                             if (!expression) return done(fail(expression.error()));
                             const auto outcome = evaluate(*expression, state->store, now);
                             if (!outcome) return done(fail(outcome.error()));
                             done(answer_of(*outcome, now));
                           });
}

void SimulatedPrometheus::query_range(std::string promql, core::Duration window, core::Duration step, Done done) {
  std::weak_ptr<State> weak = state_;
  state_->world.loop.after(std::chrono::milliseconds(1),
                           [weak, promql = std::move(promql), window, step, done = std::move(done)]() mutable {
                             const auto state = weak.lock();
                             if (!state) return;
                             const core::Time now = state->world.clock.now();
                             const auto expression = Expression::parse(promql);
                             if (!expression) return done(fail(expression.error()));
                             done(promql::query_range(*expression, state->store, now - window, now, step));
                           });
}

}  // namespace slipway::slo::promql
