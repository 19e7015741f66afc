#include "slo/slo.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <set>

#include "core/log.hpp"
#include "objects/controller.hpp"
#include "objects/kinds.hpp"
#include "slo/budget.hpp"
#include "slo/objective.hpp"
#include "slo/rules.hpp"

namespace slipway::slo {
namespace {
using core::doc::Array;
using core::doc::Value;
using objects::Name;
using objects::Outcome;
namespace kinds = objects::kinds;

// What is asked about one objective, and what came back; nullopt is no data.
struct Look {
  Objective objective;
  enum Question : std::size_t { total, bad, burn_short, burn_long, questions };
  std::array<std::optional<double>, questions> answers;
  std::optional<Error> failure;

  std::string promql(std::size_t question) const {
    switch (question) {
      case total:
        return objective.total_over(objective.window);
      case bad:
        return objective.bad_over(objective.window);
      case burn_short:
        return objective.error_ratio_over(std::chrono::minutes(5));
      default:
        return objective.error_ratio_over(std::chrono::hours(1));
    }
  }
};

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", share * 100);
  return text;
}
Value number_or_null(std::optional<double> value) { return value && std::isfinite(*value) ? Value(*value) : Value(); }

core::doc::Object status_of(const Look& look) {
  const Objective& objective = look.objective;
  const auto& total = look.answers[Look::total];
  const auto& bad = look.answers[Look::bad];
  Budget result = budget(total && bad ? std::optional(*total - *bad) : std::nullopt, total, objective.target);
  const auto burn_short = burn_rate(look.answers[Look::burn_short], objective.target);
  const auto burn_long = burn_rate(look.answers[Look::burn_long], objective.target);
  const double factor = burn_alerts(objective.window)[1].factor;
  if (result.state == State::ok && burn_short && burn_long && *burn_short > factor && *burn_long > factor)
    result.state = State::burning;

  std::string message;
  const std::string window = promql_duration(objective.window);
  if (look.failure) {
    message = "cannot be measured: " + look.failure->one_line();
  } else if (result.state == State::no_data) {
    message = "no request in the last " + window;
  } else {
    message = percent(*result.sli) + " good over " + window + ", target " + percent(objective.target) + "; " +
              (*result.remaining > 0 ? percent(*result.remaining) + " of the error budget left"
                                     : "the error budget is spent");
  }
  core::doc::Object status{{"state", Value(name_of(result.state))},
                           {"sli", number_or_null(result.sli)},
                           {"target", Value(objective.target)},
                           {"budgetRemaining", number_or_null(result.remaining)}};
  status.set("burnRates",
             Value(core::doc::Object{{"5m", number_or_null(burn_short)}, {"1h", number_or_null(burn_long)}}));
  status.set("events", total && std::isfinite(*total) ? Value(std::round(*total)) : Value());
  status.set("window", Value(window));
  status.set("message", Value(message));
  return status;
}

int severity(const std::string& state) {
  return state == "exhausted" ? 3 : state == "burning" ? 2 : state == "ok" ? 1 : 0;
}
}  // namespace

struct Slo::State final : objects::Reconciler, std::enable_shared_from_this<Slo::State> {
  core::World& world;
  objects::Store& store;
  PrometheusQuery& prometheus;
  core::EventSink& events;
  Options options;
  std::unique_ptr<objects::Controller> controller;
  std::set<Name> under_way;
  std::map<Name, core::Time> looked_at;

  struct Round {
    Name name;
    std::vector<Look> looks;
    std::size_t waiting = 0;
  };

  State(core::World& w, objects::Store& s, PrometheusQuery& p, core::EventSink& e, Options o)
      : world(w), store(s), prometheus(p), events(e), options(o) {}

  Result<Outcome> reconcile(const Name& name) override {
    TRY_ASSIGN(const auto object, store.find(kinds::slo, name));
    if (!object) {
      looked_at.erase(name);
      return Outcome{};
    }
    auto objectives = parse_objectives(*object);
    if (!objectives) {
      core::doc::Object status{{"state", Value("no-data")},
                               {"message", Value("invalid: " + objectives.error().one_line())}};
      TRY(write(name, Value(std::move(status))));
      return Outcome{};
    }
    if (under_way.contains(name)) return Outcome{options.interval};
    // Our own status write brings us here again; the interval counts, not the event.
    const core::Time now = world.clock.now();
    const auto last = looked_at.find(name);
    if (last != looked_at.end() && now >= last->second && now < last->second + options.interval)
      return Outcome{last->second + options.interval - now};
    looked_at[name] = now;
    ask(name, std::move(*objectives));
    return Outcome{options.interval};
  }

  void ask(const Name& name, std::vector<Objective> objectives) {
    under_way.insert(name);
    auto round = std::make_shared<Round>();
    round->name = name;
    for (auto& objective : objectives) round->looks.push_back({std::move(objective), {}, {}});
    round->waiting = round->looks.size() * Look::questions;
    for (std::size_t i = 0; i < round->looks.size(); ++i) {
      for (std::size_t question = 0; question < Look::questions; ++question) {
        prometheus.query(round->looks[i].promql(question),
                         [weak = weak_from_this(), round, i, question](Result<Value> answer) {
                           if (const auto state = weak.lock()) state->answered(round, i, question, answer);
                         });
      }
    }
  }

  void answered(const std::shared_ptr<Round>& round, std::size_t i, std::size_t question, const Result<Value>& answer) {
    Look& look = round->looks[i];
    if (answer) {
      look.answers[question] = single_number(*answer);
    } else {
      look.failure = answer.error();
    }
    if (--round->waiting > 0) return;
    under_way.erase(round->name);
    // One object, one status: the worst objective speaks, all are listed.
    Array all;
    Value worst;
    for (const auto& each : round->looks) {
      core::doc::Object status = status_of(each);
      if (worst.is_null() || severity(status["state"].string_or("")) > severity(worst["state"].string_or("")))
        worst = Value(status);
      status.set("displayName", Value(each.objective.display_name));
      all.emplace_back(std::move(status));
    }
    if (all.size() > 1) worst.set_path("objectives", Value(std::move(all)));
    if (auto written = write(round->name, std::move(worst)); !written && written.error().code != Code::not_found) {
      log::warn("slo", "a status was not stored", {{"slo", round->name.text()}, {"error", written.error().one_line()}});
    }
  }

  Result<> write(const Name& name, Value status) {
    std::string before;
    TRY_ASSIGN(const objects::Object written, modify_status(store, kinds::slo, name, [&](objects::Object& object) {
                 before = object.status()["state"].string_or("");
                 if (object.status() == status) return false;
                 object.status() = status;
                 return true;
               }));
    const std::string state = status["state"].string_or("");
    if (before.empty() || before == state) return {};
    core::Event event;
    event.actor = "slipway/slo";
    event.action = "slo-" + state;
    event.object = written.text();
    event.detail = status["message"].string_or("");
    events.record(std::move(event));
    return {};
  }
};

Slo::Slo(core::World& world, objects::Store& store, PrometheusQuery& prometheus, core::EventSink& events,
         Options options)
    : state_(std::make_shared<State>(world, store, prometheus, events, options)) {}
Slo::~Slo() = default;

Result<> Slo::start() {
  state_->controller = std::make_unique<objects::Controller>(state_->world, state_->store, "slo", *state_);
  state_->controller->reconciles(kinds::slo);
  return state_->controller->start();
}

Result<std::string> Slo::rule_file() const {
  TRY_ASSIGN(const auto all, state_->store.list(kinds::slo));
  std::vector<Objective> objectives;
  for (const auto& object : all.items) {
    auto parsed = parse_objectives(object);
    if (!parsed) continue;  // its status says why
    for (auto& objective : *parsed) objectives.push_back(std::move(objective));
  }
  return render_rules(objectives);
}

}  // namespace slipway::slo
