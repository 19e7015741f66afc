// CronJobs, on a simulated machine.

#include "pods/workloads/cron_job.hpp"

#include "pods/test_machine.hpp"
#include "pods/workloads/job.hpp"

namespace slipway::pods {
namespace {

using namespace testing;
using workloads::cron_job_kind;
using workloads::job_kind;

struct Scheduled : Machine {
  using Machine::Machine;
  void make(const std::string& command, const std::string& spec = "schedule: '* * * * *'") {
    create("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: tick, namespace: default}\nspec:\n  " + spec +
           "\n  jobTemplate:\n    metadata: {labels: {app: tick}}\n    spec:\n      backoffLimit: 0\n      template:\n"
           "        spec:\n          restartPolicy: Never\n          containers: [{name: main, image: x, command: " +
           command + "}]\n");
    if (place.traits().is_remote) start_counting_now();
  }
  // A server has a clock of its own, and says by it when the CronJob was made.
  void start_counting_now() {
    REQUIRE(objects::modify_status(*store, cron_job_kind, {"default", "tick"}, [&](objects::Object& cron_job) {
      cron_job.status().at_or_insert("lastScheduleTime") = core::render_rfc3339(world.clock.now());
      return true;
    }));
  }
  void change(const std::function<void(doc::Value&)>& how) {
    REQUIRE(objects::modify(*store, cron_job_kind, {"default", "tick"}, [&](objects::Object& cron_job) {
      how(cron_job.spec());
      return true;
    }));
  }
  std::vector<objects::Object> jobs() { return store->list(job_kind)->items; }
  std::size_t active() { return get(cron_job_kind, "tick").status()["active"].size(); }
  std::set<std::string> reasons() {
    std::set<std::string> all;
    const auto events = store->list(kinds::event);
    for (const auto& event : events->items) {
      if (event.document()["involvedObject"]["kind"].string_or("") == "CronJob")
        all.insert(event.document()["reason"].string_or(""));
    }
    return all;
  }
};

using Reasons = std::set<std::string>;

}  // namespace

TEST_CASE_ON_EVERY_STORE(Scheduled, "CronJob: a Job each minute, named after it, and of old ones a few are kept") {
  make("[job, '0']");
  REQUIRE(simulation.run_until([&] { return jobs().size() == 1; }, 61s));
  const auto first = jobs().front();
  const auto due = std::chrono::floor<std::chrono::minutes>(world.clock.now());
  CHECK(first.name().name == "tick-" + std::to_string(due.time_since_epoch().count()));
  CHECK(first.label("app") == "tick");
  CHECK(first.annotation("batch.kubernetes.io/cronjob-scheduled-timestamp") == core::render_rfc3339(due));
  CHECK(first.owners().front().kind == "CronJob");
  REQUIRE(simulation.run_until([&] { return active() == 1; }, 1s));
  const auto status = [&] { return get(cron_job_kind, "tick").status(); };
  CHECK(status()["lastScheduleTime"].string_or("") == core::render_rfc3339(due));
  CHECK(status()["active"][std::size_t{0}]["name"].string_or("") == first.name().name);
  REQUIRE(simulation.run_until([&] { return active() == 0; }, 20s));
  CHECK(status()["lastSuccessfulTime"].is_string());
  simulation.run_for(10min);
  CHECK(jobs().size() == 3);
  CHECK(reasons() == Reasons{"SawCompletedJob", "SuccessfulCreate", "SuccessfulDelete"});
}

TEST_CASE_ON_EVERY_STORE(Scheduled, "CronJob: Allow runs them beside each other, Forbid and Replace do not") {
  make("[sleep]");
  simulation.run_for(3min + 5s);
  CHECK(active() == 3);
  change([](doc::Value& spec) { spec.at_or_insert("concurrencyPolicy") = "Forbid"; });
  simulation.run_for(2min);
  CHECK(active() == 3);
  CHECK(reasons().contains("JobAlreadyActive"));
  change([](doc::Value& spec) { spec.at_or_insert("concurrencyPolicy") = "Replace"; });
  simulation.run_for(1min);
  REQUIRE(active() == 1);
  const std::string before = jobs().back().name().name;
  simulation.run_for(1min);
  REQUIRE(active() == 1);
  CHECK(jobs().back().name().name > before);
}

TEST_CASE_ON_EVERY_STORE(Scheduled, "CronJob: suspended it waits; a new schedule begins with its next time") {
  make("[job, '1']", "schedule: '0 0 1 1 *'\n  suspend: true");
  simulation.run_for(90s);
  change([](doc::Value& spec) { spec.at_or_insert("schedule") = "* * * * *"; });
  simulation.run_for(3min);
  CHECK(jobs().empty());
  change([](doc::Value& spec) { spec.at_or_insert("suspend") = false; });
  REQUIRE(simulation.run_until([&] { return jobs().size() == 1; }, 1s));  // the last that it missed
  simulation.run_for(5min);
  CHECK(jobs().size() == 1);  // failed ones: the last is kept
  change([](doc::Value& spec) { spec.at_or_insert("schedule") = "*/30 * * * *"; });
  const auto before = jobs().front().name().name;
  simulation.run_for(5s);
  CHECK(jobs().front().name().name == before);
}

TEST_CASE_ON_EVERY_STORE(Scheduled, "CronJob: who was away makes up for one start, when it is not too late for it") {
  make("[job, '0']", "schedule: '0 * * * *'\n  startingDeadlineSeconds: 600");
  simulation.run_for(1s);
  crash();
  simulation.jump_clock(std::chrono::hours(200) + 30min);
  start();
  simulation.run_for(1s);
  const auto now = world.clock.now();
  const bool is_in_time = now - std::chrono::floor<std::chrono::hours>(now) <= 10min;
  CHECK(jobs().size() == (is_in_time ? 1 : 0));
  change([](doc::Value& spec) { spec.as_object().erase("startingDeadlineSeconds"); });
  REQUIRE(simulation.run_until([&] { return jobs().size() == 1; }, 1s));
  if (!is_in_time) CHECK(reasons().contains("TooManyMissedTimes"));
}

TEST_CASE("CronJob: by a time zone, and one that nobody knows is said") {
  Scheduled machine;
  machine.make("[job, '0']", "schedule: '@hourly'\n  timeZone: Nowhere/Here");
  machine.simulation.run_for(2h);
  CHECK(machine.jobs().empty());
  CHECK(machine.reasons() == Reasons{"UnknownTimeZone"});
}

TEST_CASE("CronJob: whenever the control plane is killed, each start has one Job") {
  for (int moment = 0; moment < 20; ++moment) {
    Scheduled machine(support::in_memory(), static_cast<std::uint64_t>(moment) + 1);
    machine.make("[sleep]");
    REQUIRE(machine.simulation.run_until([&] { return machine.jobs().size() == 1; }, 61s));
    machine.simulation.run_for(std::chrono::microseconds(300 * moment));
    machine.crash();
    machine.start();
    machine.simulation.run_for(10s);
    CHECK(machine.jobs().size() == 1);
    CHECK(machine.active() == 1);
    CHECK(machine.get(cron_job_kind, "tick").status()["lastScheduleTime"].is_string());
  }
}

}  // namespace slipway::pods
