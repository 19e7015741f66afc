// Whole rollouts in the simulated world, and what must hold at every instant of them.
#include <cstdlib>

#include "delivery/testing.hpp"

using namespace slipway;
using namespace slipway::delivery;
using namespace slipway::delivery::testing;

namespace {

struct RolloutHouse : House {
  explicit RolloutHouse(const std::string& steps = usual_steps, const std::string& more = "", std::uint64_t seed = 1)
      : RolloutHouse(support::in_memory(), steps, more, seed) {}
  explicit RolloutHouse(const support::StoreEntry& entry, const std::string& steps = usual_steps,
                        const std::string& more = "", std::uint64_t seed = 1)
      : House(entry, seed) {
    metrics.answer("success{", "0.99");
    apply(traffic_yaml);
    apply(analysis_yaml);
    apply(rollout_yaml(steps, more));
    apply(workload_yaml("v1"));
    run(10);
    REQUIRE(phase() == "Healthy");
    REQUIRE(stable_version() == "v1");
  }

  // What users meet at this instant.
  void check_invariants() {
    const auto rule = store->get(kinds::destination_rule, {"production", "chat"});
    const int canary = weight();
    REQUIRE(canary >= 0);
    const auto all = children();
    const Object object = rollout();
    const auto& status = object.status();
    const int step = static_cast<int>(status["currentStepIndex"].int_or(0));
    const auto spec = rollout::parse_spec(object);
    int allowed = step >= spec->step_count() ? 100 : 0;
    for (int i = 0; i <= std::min(step, spec->step_count() - 1); ++i)
      allowed = std::max(allowed, spec->declared_weight(i));
    CHECK(canary <= allowed);
    for (const auto& [subset_name, share] : {std::pair("canary", canary), std::pair("stable", 100 - canary)}) {
      if (share == 0) continue;
      const Object* child = child_of(all, subset(subset_name));
      REQUIRE(child != nullptr);
      CHECK(child->status()["phase"].string_or("") == "Ready");
      CHECK(!child->is_being_deleted());
    }
    // Nothing that we claim differs from what the data plane shows.
    const auto& claimed = status["canary"]["weights"]["canary"]["weight"];
    if (status["phase"].string_or("") == "Degraded") CHECK(canary == 0);
    if (!claimed.is_null() && status["phase"].string_or("") == "Healthy") CHECK(canary == 0);
  }
  bool run_checked(const std::function<bool()>& done, int seconds) {
    return world.run_until(
        [&] {
          check_invariants();
          return done();
        },
        std::chrono::seconds(seconds));
  }
  bool is_settled() { return (phase() == "Healthy" && stable_version() == "v2") || phase() == "Degraded"; }
};
}  // namespace

TEST_CASE_ON_EVERY_STORE(RolloutHouse, "the first revision serves as soon as it is Ready") {
  RolloutHouse& house = *this;
  CHECK(house.weight() == 0);
  CHECK(house.children().size() == 1);
  CHECK(house.subset("stable") == house.children()[0].label("rollouts-pod-template-hash"));
  CHECK(house.subset("canary") == house.subset("stable"));
  CHECK(house.verdict() == "v1 serves all requests; there was nothing to compare it with");
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse,
                         "a good canary is promoted step by step, and the old revision goes after its delay") {
  RolloutHouse& house = *this;
  const std::string old = house.subset("stable");
  house.apply(workload_yaml("v2"));
  std::vector<int> weights;
  CHECK(house.run_checked(
      [&] {
        if (weights.empty() || weights.back() != house.weight()) weights.push_back(house.weight());
        return house.phase() == "Healthy" && house.stable_version() == "v2";
      },
      120));
  CHECK(weights == std::vector<int>{0, 10, 50, 0});  // 100 and the swap of names are one task
  CHECK(house.subset("stable") != old);
  CHECK(house.children().size() == 2);
  house.run(15);
  CHECK(house.children().size() == 1);
  CHECK(house.verdict().ends_with(": promoted"));
  CHECK(house.events.count("promoted") == 2);
  CHECK(house.events.count("weight-set") == 2);
  CHECK(house.events.count("analysis-passed") == 2);
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse, "a bad canary is rolled back, and the verdict says on what it rests") {
  RolloutHouse& house = *this;
  const std::string stable = house.subset("stable");
  house.metrics.answer("success{", "0.80");
  // Counters that stood at 1000 and 7 when the rollout began.
  const auto counts = [&](double canary, double stable_before, double stable_after) {
    return [&house, canary, stable_before, stable_after, stable]() -> Result<std::string> {
      const auto status = house.rollout().status();
      const bool has_begun = status["slipway"]["steps"].size() > 0;
      const auto series = [](const std::string& hash, double value) {
        return R"({"metric":{"destination_canonical_revision":")" + hash + R"("},"value":[4102444800,")" +
               std::to_string(value) + R"("]})";
      };
      std::string result = series(stable, has_begun ? stable_after : stable_before);
      if (has_begun) result += "," + series(status["currentPodHash"].string_or(""), canary);
      return R"({"status":"success","data":{"resultType":"vector","result":[)" + result + "]}}";
    };
  };
  house.metrics.answer_with("istio_requests_total", counts(60, 1000, 1540));
  house.metrics.answer_with("response_code!~", counts(11, 7, 7));
  house.apply(workload_yaml("v2"));
  CHECK(house.run_checked([&] { return house.phase() == "Degraded"; }, 60));
  CHECK(house.weight() == 0);
  CHECK(house.subset("stable") == stable);
  CHECK(house.message().find("assessed Failed due to failed > failureLimit: 1 > 0") != std::string::npos);
  house.run(20);
  CAPTURE(house.verdict());
  CHECK(house.verdict().starts_with(
      "canary v2 fails 18.3 % of 60 requests, stable v1 0.0 % of 540; difference 18.3 % +- "));
  CHECK(house.verdict().find(": rolled back (Metric") != std::string::npos);
  CHECK(house.children().size() == 1);  // the canary is gone after abortScaleDownDelaySeconds
  CHECK(house.subset("stable") == stable);
  CHECK(house.events.count("rolled-back") == 1);
  CHECK(!house.rollout().status()["slipway"]["restoredAt"].is_null());
}

TEST_CASE("without data a rollout holds, then pauses, and is never promoted") {
  for (const char* nothing : {"empty", "NaN"}) {
    CAPTURE(nothing);
    RolloutHouse house;
    house.metrics.answer_with("success{", [nothing]() -> Result<std::string> {
      return std::string(nothing) == "NaN" ? ScriptedMetrics::vector_of("NaN") : ScriptedMetrics::empty();
    });
    house.apply(workload_yaml("v2"));
    house.run(40);
    CHECK(house.weight() == 10);
    CHECK(house.phase() == "Progressing");
    CHECK(house.verdict().starts_with("HOLD: "));
    house.run(60);  // past the template's no-data-timeout
    CHECK(house.weight() == 10);
    CHECK(house.phase() == "Paused");
    CHECK(house.message().find("has seen no data for") != std::string::npos);
    house.run(600);
    CHECK(house.weight() == 10);
    CHECK(house.stable_version() == "v1");
    // A person may take it on.
    REQUIRE(house.delivery->promote_rollout({"production", "chat"}, {"ada", {}}).has_value());
    house.metrics.answer("success{", "1");
    house.run(60);
    CHECK(house.stable_version() == "v2");
  }
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse, "no data for a while does not count against a metric that then shows success") {
  RolloutHouse& house = *this;
  int asked = 0;
  house.metrics.answer_with("success{", [&asked]() -> Result<std::string> {
    return ++asked % 2 == 1 ? ScriptedMetrics::empty() : ScriptedMetrics::vector_of("0.97");
  });
  house.apply(workload_yaml("v2"));
  house.run(120);
  CHECK(house.stable_version() == "v2");
  CHECK(asked == 12);  // two analyses of three measurements with data, and as many without
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse, "an unreachable Prometheus rolls back after its limit, as in Argo") {
  RolloutHouse& house = *this;
  house.metrics.answer_with("success{",
                            []() -> Result<std::string> { return fail(Code::unavailable, "connection refused"); });
  house.apply(workload_yaml("v2"));
  CHECK(house.run_checked([&] { return house.phase() == "Degraded"; }, 60));
  CHECK(house.message().find("consecutive errors > consecutiveErrorLimit: 5 > 4") != std::string::npos);
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse,
                         "a canary that never becomes Ready gets no request and is given up at the deadline") {
  RolloutHouse& house = *this;
  house.broken_versions["v2"] = true;
  house.apply(workload_yaml("v2"));
  house.run(30);
  CHECK(house.weight() == 0);
  CHECK(house.message().find("waits for v2 to be Ready: the weights are loading") != std::string::npos);
  CHECK(house.run_checked([&] { return house.phase() == "Degraded"; }, 60));
  CHECK(house.message().find("ProgressDeadlineExceeded") != std::string::npos);
  house.apply(workload_yaml("v3"));
  CHECK(house.run_checked([&] { return house.stable_version() == "v3"; }, 120));
}

TEST_CASE_ON_EVERY_STORE(
    support::OnStore,
    "an abort reaches weight 0 from every step, also when asked for while the control plane is down") {
  for (int wait = 1; wait < 30; wait += stride(3, 11)) {
    CAPTURE(wait);
    RolloutHouse house(store);
    const std::string stable = house.subset("stable");
    house.apply(workload_yaml("v2"));
    house.run(wait);
    if (house.is_settled()) break;
    REQUIRE(house.delivery->abort_rollout({"production", "chat"}, {"linus", {}}, "pager").has_value());
    CHECK(!house.delivery->abort_rollout({"production", "chat"}, {"linus", {}}).has_value());
    if (wait % 2 == 0) house.restart();
    house.run(1);
    CHECK(house.weight() == 0);
    CHECK(house.phase() == "Degraded");
    CHECK(house.message() == "RolloutAborted: aborted by linus: pager");
    house.run(60);
    CHECK(house.subset("stable") == stable);
    CHECK(house.children().size() == 1);
  }
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse,
                         "a new template during a rollout starts again with the new canary; the old one gets nothing") {
  RolloutHouse& house = *this;
  house.apply(workload_yaml("v2"));
  CHECK(house.run_checked([&] { return house.weight() == 50; }, 60));
  house.apply(workload_yaml("v3"));
  CHECK(house.run_checked([&] { return house.weight() == 0; }, 5));
  CHECK(house.run_checked([&] { return house.stable_version() == "v3"; }, 120));
  house.run(30);
  CHECK(house.children().size() == 1);
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse, "a template that is changed back returns to stable at once") {
  RolloutHouse& house = *this;
  house.apply(workload_yaml("v2"));
  CHECK(house.run_checked([&] { return house.weight() == 50; }, 60));
  house.apply(workload_yaml("v1"));
  CHECK(house.run_checked([&] { return house.phase() == "Healthy"; }, 1));
  CHECK(house.weight() == 0);
  house.run(30);
  CHECK(house.children().size() == 1);
  CHECK(house.stable_version() == "v1");
  CHECK(house.verdict() == "returned to v1 before the update was decided");
}

TEST_CASE("an indefinite pause waits for a person; promoting fully skips what is left") {
  RolloutHouse house("[{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]");
  house.apply(workload_yaml("v2"));
  house.run(500);
  CHECK(house.phase() == "Paused");
  CHECK(house.weight() == 20);
  house.restart();
  house.run(10);
  CHECK(house.weight() == 20);
  REQUIRE(house.delivery->promote_rollout({"production", "chat"}, {"ada", {}}).has_value());
  house.run(10);
  CHECK(house.weight() == 60);
  REQUIRE(house.delivery->promote_rollout({"production", "chat"}, {"ada", {}}, true).has_value());
  house.run(10);
  CHECK(house.stable_version() == "v2");
  CHECK(!house.delivery->promote_rollout({"production", "chat"}, {"ada", {}}).has_value());
}

TEST_CASE("a weight that somebody raises by hand is put back") {
  RolloutHouse house("[{setWeight: 20}, {pause: {}}]");
  house.apply(workload_yaml("v2"));
  house.run(10);
  REQUIRE(house.weight() == 20);
  rollout::Routing routing;
  routing.routes = {"primary"};
  auto service = *house.store->get(kinds::virtual_service, {"production", "chat"});
  REQUIRE(rollout::set_canary_weight(service.document(), routing, 90).has_value());
  REQUIRE(house.store->update(service).has_value());
  house.run(1);
  CHECK(house.weight() == 20);
}

TEST_CASE("a background analysis ends the update at any step, and without data nothing is promoted") {
  const std::string background =
      "      analysis: {templates: [{templateName: watch}], args: [{name: revision, valueFrom: {podTemplateHashValue: "
      "Latest}}]}\n";
  const std::string watch = R"(
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: watch, namespace: production, annotations: {slipway.dev/no-data-timeout: 1h}}
spec:
  args: [{name: revision}]
  metrics:
    - {name: errors, interval: 1s, failureCondition: 'result[0] > 0.05', provider: {prometheus: {query: 'errors{r="{{args.revision}}"}'}}}
)";
  RolloutHouse house("[{setWeight: 20}, {pause: {duration: 10s}}, {setWeight: 60}, {pause: {duration: 10s}}]",
                     background);
  house.apply(watch);
  SUBCASE("no data: it holds at the last weight") {
    house.apply(workload_yaml("v2"));
    house.run(120);
    CHECK(house.weight() == 60);
    CHECK(house.message().find("HOLD") != std::string::npos);
    house.metrics.answer("errors{", "0");
    house.run(30);
    CHECK(house.stable_version() == "v2");
  }
  SUBCASE("a failure during a pause rolls back") {
    house.metrics.answer("errors{", "0");
    house.apply(workload_yaml("v2"));
    house.run(20);
    CHECK(house.weight() == 60);
    house.metrics.answer("errors{", "0.2");
    CHECK(house.run_checked([&] { return house.phase() == "Degraded"; }, 5));
    CHECK(house.weight() == 0);
  }
}

TEST_CASE_ON_EVERY_STORE(RolloutHouse, "a Rollout with a mistake says so and touches nothing") {
  RolloutHouse& house = *this;
  house.apply(rollout_yaml("[{setWieght: 10}]"));
  house.run(1);
  CHECK(house.message().find("setWieght") != std::string::npos);
  CHECK(house.rollout().condition_status("InvalidSpec") == "True");
  CHECK(house.weight() == 0);
  house.apply(rollout_yaml(usual_steps));
  house.run(1);
  CHECK(house.phase() == "Healthy");
}

namespace {
// Every instant takes minutes without optimisation; a step through them does for each commit.
bool takes_its_time() { return std::getenv("SLIPWAY_LONG_TESTS") != nullptr; }

// Runs one update with a kill -9 at an instant; returns whether the instant was reached.
bool survives(const support::StoreEntry& store, bool is_bad,
              const std::function<bool(RolloutHouse&, bool& armed)>& arm_and_check, const char* expected_stable) {
  RolloutHouse house(store);
  if (is_bad) house.metrics.answer("success{", "0.5");
  house.apply(workload_yaml("v2"));
  bool armed = true;
  house.run_checked([&] { return arm_and_check(house, armed); }, 200);
  const bool reached = !armed;
  if (auto* database = house.place.database()) database->set_commit_fault({});
  if (reached) house.restart();
  CHECK(house.run_checked([&] { return house.is_settled(); }, 200));
  house.run(30);
  house.check_invariants();
  CHECK(house.weight() == 0);
  CHECK(house.stable_version() == expected_stable);
  CHECK(house.children().size() == 1);
  return reached;
}
}  // namespace

TEST_CASE_ON_EVERY_STORE(support::OnStore, "a control plane killed after any task goes on from where it was") {
  for (const bool is_bad : {false, true}) {
    CAPTURE(is_bad);
    bool reached = true;
    for (int n = 1; reached; n += stride(takes_its_time() ? 1 : 41, 163)) {
      CAPTURE(n);
      int tasks = 0;
      reached = survives(
          store, is_bad,
          [&](RolloutHouse& house, bool& armed) {
            if (house.is_settled()) return true;
            if (++tasks < n) return false;
            armed = false;
            return true;
          },
          is_bad ? "v1" : "v2");
    }
  }
}

TEST_CASE("a control plane that dies before any of its writes goes on from where it was") {
  for (const bool is_bad : {false, true}) {
    CAPTURE(is_bad);
    bool reached = true;
    for (int n = 1; reached; n += takes_its_time() ? 1 : 11) {
      CAPTURE(n);
      int commits = 0;
      bool is_set = false, has_failed = false;
      reached = survives(
          support::in_memory(), is_bad,
          [&](RolloutHouse& house, bool& armed) {
            if (!is_set) {
              is_set = true;
              house.place.database()->set_commit_fault([&]() -> Result<> {
                if (++commits < n) return {};
                has_failed = true;
                return fail(Code::resource_exhausted, "the disk is gone");
              });
            }
            if (has_failed) {
              armed = false;
              return true;
            }
            return house.is_settled();
          },
          is_bad ? "v1" : "v2");
    }
  }
}
