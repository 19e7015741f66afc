#include <algorithm>

#include "workflow/engine/simulated_machine_test.hpp"

using namespace slipway;
using namespace slipway::workflow;
using namespace slipway::workflow::testing;

namespace {

constexpr const char* release = R"(
name: release
on: push
env: {MODEL: support}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {digest: "${{ steps.pack.outputs.digest }}"}
    steps:
      - uses: actions/checkout@v4
      - {id: pack, run: pack it}
      - run: use ${{ env.FROM_FILE }} $MODEL $$
  deploy:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: deploy ${{ needs.build.outputs.digest }} of ${{ github.sha }}
        env: {WHO: "${{ github.actor }}"}
)";

void play_release(Machine& machine) {
  machine.plays["build/2"] = [](PlayedStep& step) {
    step.append("GITHUB_OUTPUT", "digest=sha256:ab\n");
    step.append("GITHUB_ENV", "FROM_FILE<<E\na b\nE\n");
    step.append("GITHUB_PATH", "/opt/tool\n");
    step.append("GITHUB_STEP_SUMMARY", "packed **it**\n");
    return PlayedEnd{};
  };
}

}  // namespace

TEST_CASE_ON_EVERY_STORE(Machine, "a refused file is on record as a failed run, once, and stays so over a restart") {
  Machine& machine = *this;
  auto control = std::make_unique<ControlPlane>(machine);
  auto submission = workflow_of(
      "name: release\non: push\njobs:\n  a:\n    runs-on: x\n    steps: [{uses: docker/login-action@v3}]\n");
  submission.idempotency_key = "push 1";
  const auto why = control->engine->submit(submission);
  REQUIRE_FALSE(why.has_value());
  CHECK(control->engine->list()->empty());
  const auto id = control->engine->refuse(submission, why.error()).value();
  CHECK(id.starts_with("release-"));
  for (int life = 0; life < 2; ++life) {
    CHECK(control->engine->refuse(submission, why.error()).value() == id);
    const auto run = control->engine->get(id).value();
    CHECK(run.phase == Phase::failed);
    CHECK(run.message == why.error().one_line());
    CHECK(run.message.starts_with("ci.yaml:6:"));
    CHECK(run.workflow == "release");
    CHECK(run.commit == submission.commit);
    CHECK(run.finished == run.created);
    CHECK(run.steps.empty());
    CHECK(control->engine->log(id, "").value().empty());
    CHECK(control->engine->cancel(id).error().code == Code::failed_precondition);
    CHECK(control->engine->rerun(id, "", "").error().one_line() == run.message);
    CHECK(control->engine->list()->size() == 1);
    control.reset();
    machine.simulated.crash_control_plane();
    control = std::make_unique<ControlPlane>(machine);
  }
  CHECK(std::ranges::count(machine.recorder.events, "refused", &core::Event::action) == 1);
  // Not even YAML: the path is its name.
  submission.text = "a: [";
  submission.idempotency_key = "push 2";
  const auto other = control->engine->refuse(submission, control->engine->submit(submission).error()).value();
  CHECK(control->engine->get(other)->workflow == "ci.yaml");
}

TEST_CASE_ON_EVERY_STORE(
    Machine, "a submission that is sent again after a lost answer starts no second run, even after a restart") {
  Machine& machine = *this;
  auto control = std::make_unique<ControlPlane>(machine);
  play_release(machine);
  auto submission = workflow_of(release);
  submission.idempotency_key = "k1";
  const auto id = control->engine->submit(submission).value();
  CHECK(control->engine->submit(submission).value() == id);
  control->finish(id);
  control.reset();
  machine.simulated.crash_control_plane();
  control = std::make_unique<ControlPlane>(machine);
  CHECK(control->engine->submit(submission).value() == id);
  submission.idempotency_key = "k2";
  CHECK(control->engine->submit(submission).value() != id);
  CHECK(control->engine->list()->size() == 2);
}

TEST_CASE_ON_EVERY_STORE(Machine, "a finished run can be run again with the same inputs, one that runs cannot") {
  Machine& machine = *this;
  ControlPlane control(machine);
  play_release(machine);
  const auto id = control.engine->submit(workflow_of(release)).value();
  CHECK(control.engine->rerun(id, "ada@example.com", "").error().code == core::Code::failed_precondition);
  control.finish(id);
  const auto again = control.engine->rerun(id, "grace@example.com", "").value();
  CHECK(again != id);
  const auto run = control.finish(again);
  CHECK(run.phase == Phase::succeeded);
  CHECK(run.actor == "grace@example.com");
  CHECK(run.commit == control.engine->get(id)->commit);
  CHECK(control.engine->rerun("nobody", "", "").error().code == core::Code::not_found);
}

TEST_CASE_ON_EVERY_STORE(
    Machine, "a workflow runs its steps in order, each with the outputs and the environment of those before it") {
  Machine& machine = *this;
  ControlPlane control(machine);
  play_release(machine);
  std::string last_script, sum;
  std::map<std::string, std::string> deploy, use;
  machine.plays["build/3"] = [&](PlayedStep& step) {
    use = step.environment;
    last_script = step.files.read(step.command.back()).value();
    sum = step.files.read(step.directory + "/README.md").value();
    return PlayedEnd{};
  };
  machine.plays["deploy/1"] = [&](PlayedStep& step) {
    deploy = step.environment;
    deploy["script"] = step.files.read(step.command.back()).value();
    step.log = "deployed\n";
    return PlayedEnd{};
  };
  std::vector<std::string> finished;
  control.engine->on_finished([&](const RunView& run) { finished.push_back(run.id); });

  const auto id = control.engine->submit(workflow_of(release)).value();
  const auto run = control.finish(id);
  CHECK(steps_of(run) ==
        "build Succeeded\nbuild/1 Succeeded\nbuild/2 Succeeded\nbuild/3 Succeeded\ndeploy Succeeded\ndeploy/1 "
        "Succeeded\n");
  CHECK(machine.executed == std::vector<std::string>{"build/2", "build/3", "deploy/1"});
  CHECK(sum == "support-assistant@0123456789abcdef0123456789abcdef01234567");
  CHECK(last_script == "use a b $MODEL $$");
  CHECK(use["FROM_FILE"] == "a b");
  CHECK(use["MODEL"] == "support");
  CHECK(use["PATH"] == "/opt/tool:/usr/bin");
  CHECK(use["CI"] == "true");
  CHECK(use["GITHUB_WORKSPACE"] == "/runs/" + id + "/work/build");
  CHECK(deploy["script"] == "deploy sha256:ab of 0123456789abcdef0123456789abcdef01234567");
  CHECK(deploy["WHO"] == "ada@example.com");
  CHECK(deploy["SLIPWAY_URL"] == "http://127.0.0.1:1");
  CHECK(run.number == 1);
  CHECK(run.steps[2].summary == "packed **it**\n");
  CHECK(control.engine->log(id, "deploy/1").value() == "deployed\n");
  machine.simulated.run_for(std::chrono::seconds(1));
  CHECK(finished == std::vector<std::string>{id});
  const auto& events = machine.recorder.events;
  CHECK(events.front().action == "run-started");
  CHECK(events.back().action == "run-finished");
  CHECK(events.back().seconds > 1);
}

TEST_CASE_ON_EVERY_STORE(Machine,
                         "after a failed step only those that ask for it run, and the jobs that need it are skipped") {
  Machine& machine = *this;
  ControlPlane control(machine);
  for (const auto step : {"test/1", "test/5"}) {
    machine.plays[step] = [](PlayedStep& played) {
      played.log = "compiling\nassertion failed: 1 == 2\n\n";
      return PlayedEnd{1};
    };
  }
  const auto id = control.engine
                      ->submit(workflow_of(R"(
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - {run: a, continue-on-error: true, id: soft}
      - {run: b, if: "steps.soft.outcome == 'failure' && steps.soft.conclusion == 'success'"}
      - {run: c, if: failure()}
      - {run: d, if: "false"}
      - {run: e}
      - {run: f}
      - {run: g, if: always()}
      - {run: h, if: "failure() && github.ref == 'refs/heads/main'"}
  after: {needs: test, runs-on: ubuntu-latest, steps: [{run: i}]}
  report: {needs: [test, after], if: always(), runs-on: ubuntu-latest, steps: [{run: "echo ${{ needs.test.result }} ${{ needs.after.result }}"}]}
)"))
                      .value();
  std::string script;
  machine.plays["report/1"] = [&](PlayedStep& step) {
    script = step.files.read(step.command.back()).value();
    return PlayedEnd{};
  };
  const auto run = control.finish(id);
  CHECK(machine.executed == std::vector<std::string>{"test/1", "test/2", "test/5", "test/7", "test/8", "report/1"});
  CHECK(script == "echo failure skipped");
  CHECK(run.phase == Phase::failed);
  CHECK(run.message == "\"test/5\" did not succeed: exit code 1: assertion failed: 1 == 2");
}

TEST_CASE_ON_EVERY_STORE(
    support::OnStore,
    "a control plane that is killed at every task in turn runs each step once and ends with the same outputs") {
  int crashes = 0;
  for (int kill_at = 1; kill_at < 400; kill_at += stride(1, 29)) {
    CAPTURE(kill_at);
    Machine machine(store);
    play_release(machine);
    std::string deployed;
    machine.plays["deploy/1"] = [&](PlayedStep& step) {
      deployed = step.files.read(step.command.back()).value();
      return PlayedEnd{};
    };
    auto control = std::make_unique<ControlPlane>(machine);
    const auto id = control->engine->submit(workflow_of(release)).value();
    int tasks = 0;
    const bool killed = machine.simulated.run_until(
                            [&] { return is_finished(control->engine->get(id).value().phase) || ++tasks > kill_at; },
                            std::chrono::hours(1)) &&
                        tasks > kill_at;
    if (killed) {
      crashes++;
      control.reset();
      machine.simulated.crash_control_plane();
      control = std::make_unique<ControlPlane>(machine);
    }
    const auto run = control->finish(id);
    REQUIRE(run.phase == Phase::succeeded);
    REQUIRE(machine.executed == std::vector<std::string>{"build/2", "build/3", "deploy/1"});
    REQUIRE(deployed == "deploy sha256:ab of 0123456789abcdef0123456789abcdef01234567");
    if (!killed) break;
  }
  CHECK(crashes * stride(1, 29) > 10);
}

TEST_CASE("a control plane that dies at every commit in turn, between deciding and acting, runs each step once") {
  std::size_t deaths = 0;
  for (int die_at = 1; die_at < 200; die_at++) {
    CAPTURE(die_at);
    Machine machine;
    play_release(machine);
    auto control = std::make_unique<ControlPlane>(machine);
    const auto id = control->engine->submit(workflow_of(release)).value();
    int commits = 0;
    // From then on nothing it does lasts, as if it were not there.
    machine.database->set_commit_fault([&]() -> core::Result<> {
      if (++commits >= die_at) return fail(Code::unavailable, "dead");
      return {};
    });
    machine.simulated.run_until(
        [&] { return commits >= die_at || is_finished(control->engine->get(id).value().phase); },
        std::chrono::hours(1));
    const bool died = commits >= die_at;
    control.reset();
    machine.simulated.crash_control_plane();
    machine.database->set_commit_fault({});
    control = std::make_unique<ControlPlane>(machine);
    const auto run = control->finish(id);
    REQUIRE_MESSAGE(run.phase == Phase::succeeded, steps_of(run));
    REQUIRE(machine.executed == std::vector<std::string>{"build/2", "build/3", "deploy/1"});
    if (!died) break;
    deaths++;
  }
  CHECK(deaths > 10);
}

TEST_CASE("a commit that fails at every place in turn delays the run and loses nothing") {
  std::size_t failures = 0;
  for (int fail_at = 1; fail_at < 200; fail_at++) {
    CAPTURE(fail_at);
    Machine machine;
    play_release(machine);
    ControlPlane control(machine);
    const auto id = control.engine->submit(workflow_of(release)).value();
    int commits = 0;
    machine.database->set_commit_fault([&]() -> core::Result<> {
      if (++commits == fail_at) return fail(Code::resource_exhausted, "the disk is full");
      return {};
    });
    const auto run = control.finish(id, std::chrono::hours(1));
    REQUIRE_MESSAGE(run.phase == Phase::succeeded, steps_of(run));
    REQUIRE(std::ranges::count(machine.executed, "deploy/1") == 1);
    if (commits < fail_at) break;
    failures++;
  }
  CHECK(failures > 10);
}

TEST_CASE_ON_EVERY_STORE(
    Machine, "an attempt that the machine lost is tried again twice, and then it is an error, not a failure") {
  Machine& machine = *this;
  ControlPlane control(machine);
  int attempts = 0;
  machine.plays["a/1"] = [&](PlayedStep&) { return ++attempts <= 2 ? PlayedEnd{255, "ShimLost"} : PlayedEnd{}; };
  machine.plays["b/1"] = [](PlayedStep&) { return PlayedEnd{255, "NodeRebooted"}; };
  const auto id =
      control.engine
          ->submit(workflow_of(
              "on: push\njobs:\n  a: {runs-on: x, steps: [{run: a}]}\n  b: {runs-on: x, steps: [{run: b}]}\n"))
          .value();
  const auto run = control.finish(id);
  CHECK(attempts == 3);
  CHECK(steps_of(run) ==
        "a Succeeded\na/1 Succeeded\nb Error: \"b/1\" did not succeed: its process was lost without an exit code "
        "(NodeRebooted)\n"
        "b/1 Error: its process was lost without an exit code (NodeRebooted)\n");
  CHECK(run.phase == Phase::error);
  CHECK(run.steps[3].attempts == 3);
}

TEST_CASE_ON_EVERY_STORE(Machine, "cancelling removes the Pods that run and starts nothing more") {
  Machine& machine = *this;
  machine.step_takes = std::chrono::hours(1);
  ControlPlane control(machine);
  const auto id = control.engine
                      ->submit(workflow_of("on: push\njobs:\n  a: {runs-on: x, steps: [{run: a}, {run: b}]}\n  c: "
                                           "{needs: a, runs-on: x, steps: [{run: c}]}\n"))
                      .value();
  machine.simulated.run_for(std::chrono::seconds(5));
  REQUIRE(control.engine->cancel(id));
  const auto run = control.finish(id);
  CHECK(run.phase == Phase::cancelled);
  CHECK(machine.executed == std::vector<std::string>{"a/1"});
  CHECK(control.store->list(objects::kinds::pod).value().items.empty());
  CHECK(control.engine->cancel(id).error().code == Code::failed_precondition);
}

TEST_CASE_ON_EVERY_STORE(Machine, "a step that takes longer than its job may is stopped, and says so") {
  Machine& machine = *this;
  machine.step_takes = std::chrono::hours(1);
  ControlPlane control(machine);
  const auto id =
      control.engine->submit(workflow_of("on: push\njobs:\n  a: {runs-on: x, timeout-minutes: 2, steps: [{run: a}]}\n"))
          .value();
  const auto run = control.finish(id);
  CHECK(run.phase == Phase::failed);
  CHECK(run.message == "\"a/1\" did not succeed: \"a\" was not done after 2m0s");
  CHECK(*run.finished - run.created < std::chrono::minutes(3));
}

TEST_CASE_ON_EVERY_STORE(Machine, "a file with problems is refused before anything is written") {
  Machine& machine = *this;
  ControlPlane control(machine);
  const auto refused = control.engine->submit(
      workflow_of("on: push\njobs:\n  a: {runs-on: x, steps: [{uses: docker/build-push-action@v6}]}\n"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::unimplemented);
  CHECK(refused.error().one_line() ==
        "ci.yaml:3:34: the action \"docker/build-push-action@v6\" cannot run here yet; use \"run\" instead; of the "
        "actions only actions/checkout is built in");
  CHECK(control.engine->list().value().empty());
}

TEST_CASE_ON_EVERY_STORE(Machine,
                         "no more leaves run at once than the options allow, over all runs, and all of them end") {
  Machine& machine = *this;
  ControlPlane control(machine, {.max_parallel = 2});
  std::string file = "on: push\njobs:\n";
  for (int i = 0; i < 5; i++) file += "  j" + std::to_string(i) + ": {runs-on: x, steps: [{run: a}]}\n";
  const auto first = control.engine->submit(workflow_of(file)).value();
  const auto second = control.engine->submit(workflow_of(file)).value();
  std::size_t most = 0;
  machine.simulated.run_until(
      [&] {
        std::size_t running = 0;
        bool done = true;
        for (const auto& id : {first, second}) {
          const auto run = control.engine->get(id).value();
          done = done && is_finished(run.phase);
          for (const auto& step : run.steps) running += !step.is_group && step.phase == Phase::running;
        }
        most = std::max(most, running);
        return done;
      },
      std::chrono::hours(1));
  CHECK(most == 2);
  CHECK(control.engine->get(second).value().phase == Phase::succeeded);
  CHECK(machine.executed.size() == 10);
}
