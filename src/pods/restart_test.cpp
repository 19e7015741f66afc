#include "pods/restart.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {
namespace {

using namespace std::chrono_literals;

TEST_CASE("Restart: the policy decides by the exit code") {
  struct Row {
    RestartPolicy policy;
    int code;
    bool again;
  };
  for (const Row& row : {Row{RestartPolicy::always, 0, true}, Row{RestartPolicy::always, 1, true},
                         Row{RestartPolicy::on_failure, 0, false}, Row{RestartPolicy::on_failure, 137, true},
                         Row{RestartPolicy::never, 0, false}, Row{RestartPolicy::never, 1, false}}) {
    CHECK(restarts(row.policy, row.code) == row.again);
  }
}

TEST_CASE("Restart: the first comes at once, then the wait doubles to its limit") {
  const Backoff backoff;
  CHECK(backoff.delay(0) == 0s);
  CHECK(backoff.delay(1) == 10s);
  CHECK(backoff.delay(2) == 20s);
  CHECK(backoff.delay(5) == 160s);
  CHECK(backoff.delay(6) == 300s);
  CHECK(backoff.delay(1'000'000) == 300s);
}

TEST_CASE("Restart: a long run and an end that was not the program's doing are forgiven") {
  const Backoff backoff;
  ContainerRecord run;
  run.started_at = Time(1'000'000s);
  run.finished_at = *run.started_at + 599s;
  CHECK_FALSE(backoff.forgives(run));
  run.finished_at = *run.started_at + 600s;
  CHECK(backoff.forgives(run));
  ContainerRecord reboot;
  reboot.reason = "NodeRebooted";
  CHECK(backoff.forgives(reboot));
}

TEST_CASE("Restart: a wait measured by the wall clock stays within itself when the clock jumps") {
  const Time since(1'000'000s);
  CHECK(remaining(30s, since, since + 10s) == 20s);
  CHECK(remaining(30s, since, since + 10min) == 0s);
  CHECK(remaining(30s, since, since - 10min) == 30s);
}

}  // namespace
}  // namespace slipway::pods
