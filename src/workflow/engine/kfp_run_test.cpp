#include <algorithm>

#include "core/world/real.hpp"
#include "source_dir.hpp"
#include "workflow/engine/simulated_machine_test.hpp"

using namespace slipway;
using namespace slipway::workflow;
using namespace slipway::workflow::testing;

namespace {

Submission sample_pipeline(doc::Object parameters = {}) {
  Submission submission;
  submission.text =
      core::real_files().read(std::string(SLIPWAY_SOURCE_DIR) + "/src/workflow/testdata/sample-pipeline.yaml").value();
  submission.source_name = "sample.yaml";
  submission.parameters = std::move(parameters);
  return submission;
}

// What a component is told, and how it answers.
doc::Value input_of(PlayedStep& step) {
  const auto flag = std::ranges::find(step.command, "--executor_input_file");
  REQUIRE(flag != step.command.end());
  return doc::parse_json(step.files.read(*(flag + 1)).value()).value();
}
PlayedEnd answer(PlayedStep& step, doc::Object parameters, doc::Object metadata = {}) {
  const auto input = input_of(step);
  doc::Object artifacts;
  for (const auto& [name, listed] : input["outputs"]["artifacts"].as_object()) {
    const auto uri = listed["artifacts"][std::size_t{0}]["uri"].as_string();
    if (name != "metrics") REQUIRE(step.files.write_atomic(uri, "bytes of " + name));
    doc::Object artifact{{"name", name}, {"uri", uri}, {"metadata", name == "metrics" ? metadata : doc::Object{}}};
    artifacts.set(name, doc::Object{{"artifacts", doc::Array{std::move(artifact)}}});
  }
  const doc::Value output =
      doc::Object{{"parameterValues", std::move(parameters)}, {"artifacts", std::move(artifacts)}};
  REQUIRE(step.files.write_atomic(input["outputs"]["outputFile"].as_string(), doc::render_json(output)));
  return {};
}

void play_sample(Machine& machine, std::map<std::string, doc::Value>& seen) {
  const auto play = [&](const std::string& key, doc::Object parameters, doc::Object metadata = {}) {
    machine.plays[key] = [&seen, key, parameters, metadata](PlayedStep& step) {
      seen[key] = input_of(step)["inputs"];
      return answer(step, parameters, metadata);
    };
  };
  play("prepare", {{"Output", 5}});
  play("inner/prepare", {{"Output", 1}});
  play("train", {{"loss", 0.5}, {"label", "x"}}, {{"accuracy", 0.75}});
  play("condition-1/publish", {{"Output", "published"}});
  machine.plays["shout"] = [&](PlayedStep& step) {
    seen["shout"] = doc::Value(step.command[3]);
    REQUIRE(step.files.write_atomic(step.command[4], "SHOUT\n"));
    REQUIRE(step.files.write_atomic(step.command[5], "art"));
    return PlayedEnd{};
  };
  machine.plays["opt"] = [&](PlayedStep& step) {
    std::string words;
    for (const auto& word : step.command) words += word + "|";
    seen["opt"] = doc::Value(words);
    return PlayedEnd{};
  };
}

}  // namespace

TEST_CASE_ON_EVERY_STORE(
    Machine,
    "a compiled pipeline hands parameters and artifacts from task to task, and skips what its conditions refuse") {
  Machine& machine = *this;
  ControlPlane control(machine);
  std::map<std::string, doc::Value> seen;
  play_sample(machine, seen);
  const auto id = control.engine->submit(sample_pipeline({{"rows", "20"}, {"flag", false}})).value();
  const auto run = control.finish(id);
  REQUIRE_MESSAGE(run.phase == Phase::succeeded, run.message << "\n" << steps_of(run));
  CHECK(
      steps_of(run) ==
      "condition-1 Succeeded\n"
      "condition-2 Skipped: its condition does not hold: int(inputs.parameter_values['pipelinechannel--rows']) > 100\n"
      "inner Succeeded\nopt Succeeded\nprepare Succeeded\nshout Succeeded\ntrain Succeeded\n"
      "condition-1/publish Succeeded\ncondition-2/publish-2 Skipped\ninner/prepare Succeeded\n");
  CHECK(doc::render_json(seen["prepare"]["parameterValues"]) ==
        R"({"opts":{"k":1},"rows":20,"split":0.5,"tags":["a","b"]})");
  CHECK(doc::render_json(seen["train"]["parameterValues"]) == R"({"epochs":5,"note":"hi \"there\""})");
  CHECK(doc::render_json(seen["condition-1/publish"]["parameterValues"]) == R"({"loss":0.5,"ok":false})");
  const auto model = seen["condition-1/publish"]["artifacts"]["model"]["artifacts"][std::size_t{0}];
  CHECK(model["type"]["schemaTitle"].as_string() == "system.Model");
  CHECK(control.world.files.read(model["uri"].as_string()).value() == "bytes of model");
  CHECK(seen["shout"].as_string() == "hello dev");
  CHECK(seen["opt"].as_string() == "echo|--x=x|none|");
  CHECK(doc::render_json(run.outputs) == R"({"Output":0.5})");
  CHECK(doc::render_json(doc::Value(run.metrics)) == R"({"accuracy":0.75})");
  const auto& train = *std::ranges::find(run.steps, "train", &StepView::id);
  const auto stored = *std::ranges::find(train.artifacts, "model", &ArtifactView::name);
  CHECK(machine.blobs->get(core::Digest::parse(stored.digest).value()).value() == "bytes of model");
  const auto& shout = *std::ranges::find(run.steps, "shout", &StepView::id);
  CHECK(doc::render_json(shout.parameters) == R"({"out":"SHOUT\n"})");
}

TEST_CASE_ON_EVERY_STORE(
    Machine, "a second run takes what nothing has changed for from the cache, and runs what may not be cached") {
  Machine& machine = *this;
  ControlPlane control(machine);
  std::map<std::string, doc::Value> seen;
  play_sample(machine, seen);
  control.finish(control.engine->submit(sample_pipeline()).value());
  machine.executed.clear();
  const auto again = control.finish(control.engine->submit(sample_pipeline()).value());
  CHECK(machine.executed == std::vector<std::string>{"train"});
  CHECK(again.phase == Phase::succeeded);
  CHECK(std::ranges::find(again.steps, "condition-1/publish", &StepView::id)->cached);
  machine.executed.clear();
  control.finish(control.engine->submit(sample_pipeline({{"rows", 11}})).value());
  CHECK(std::ranges::find(machine.executed, "prepare") != machine.executed.end());
  CHECK(std::ranges::find(machine.executed, "inner/prepare") == machine.executed.end());
}

TEST_CASE_ON_EVERY_STORE(
    Machine, "a task fails after the retries of its policy, with growing waits, and what needs it is skipped") {
  Machine& machine = *this;
  ControlPlane control(machine);
  std::map<std::string, doc::Value> seen;
  play_sample(machine, seen);
  std::vector<core::Time> attempts;
  machine.plays["train"] = [&](PlayedStep& step) {
    attempts.push_back(control.world.clock.now());
    step.log = "Traceback\nValueError: boom\n";
    return PlayedEnd{1};
  };
  const auto run = control.finish(control.engine->submit(sample_pipeline()).value());
  CHECK(run.phase == Phase::failed);
  CHECK(run.message == "\"train\" did not succeed: exit code 1: ValueError: boom");
  REQUIRE(attempts.size() == 3);
  CHECK(attempts[1] - attempts[0] >= std::chrono::seconds(3));
  CHECK(attempts[2] - attempts[1] >= std::chrono::seconds(6));
  CHECK(std::ranges::find(run.steps, "condition-1", &StepView::id)->message == "\"train\" did not succeed");
}

TEST_CASE_ON_EVERY_STORE(
    Machine,
    "artifacts are stored beside the loop: other steps go on meanwhile, and a crash in the middle begins anew") {
  Machine& machine = *this;
  machine.simulated.faults().background_takes = std::chrono::minutes(2);
  auto control = std::make_unique<ControlPlane>(machine);
  std::map<std::string, doc::Value> seen;
  play_sample(machine, seen);
  const auto id = control->engine->submit(sample_pipeline()).value();
  const auto is_storing = [&] {
    const auto run = control->engine->get(id).value();
    return machine.logs.size() > 0 && std::ranges::find(machine.executed, "train") != machine.executed.end() &&
           std::ranges::find(run.steps, "train", &StepView::id)->phase == Phase::running;
  };
  REQUIRE(machine.simulated.run_until(is_storing, std::chrono::minutes(30)));
  machine.simulated.run_for(std::chrono::minutes(1));
  CHECK(is_storing());  // its program ended half a second after it began
  control.reset();
  machine.simulated.crash_control_plane();
  control = std::make_unique<ControlPlane>(machine);
  const auto run = control->finish(id);
  CHECK(run.phase == Phase::succeeded);
  CHECK(std::ranges::count(machine.executed, "train") == 1);
  const auto& train = *std::ranges::find(run.steps, "train", &StepView::id);
  CHECK(std::ranges::find(train.artifacts, "model", &ArtifactView::name)->digest ==
        Digest::of("bytes of model").text());
}

TEST_CASE_ON_EVERY_STORE(Machine, "a run is cancelled while a step's artifacts are being stored") {
  Machine& machine = *this;
  machine.simulated.faults().background_takes = std::chrono::minutes(2);
  ControlPlane control(machine);
  std::map<std::string, doc::Value> seen;
  play_sample(machine, seen);
  const auto id = control.engine->submit(sample_pipeline()).value();
  const auto began = [&] { return std::ranges::find(machine.executed, "train") != machine.executed.end(); };
  REQUIRE(machine.simulated.run_until(began, std::chrono::minutes(30)));
  machine.simulated.run_for(std::chrono::minutes(1));
  REQUIRE(control.engine->cancel(id).has_value());
  CHECK(control.finish(id, std::chrono::seconds(10)).phase == Phase::cancelled);
  machine.simulated.run_for(std::chrono::minutes(10));
  CHECK(control.engine->get(id)->phase == Phase::cancelled);
}

TEST_CASE_ON_EVERY_STORE(Machine, "a program that ends well without its outputs has failed") {
  Machine& machine = *this;
  ControlPlane control(machine);
  std::map<std::string, doc::Value> seen;
  play_sample(machine, seen);
  machine.plays["prepare"] = [](PlayedStep& step) { return answer(step, {}); };
  const auto run = control.finish(control.engine->submit(sample_pipeline()).value());
  CHECK(run.message ==
        "\"prepare\" did not succeed: the program ended well but did not make its output parameter \"Output\"");
}

TEST_CASE_ON_EVERY_STORE(Machine, "parameters that a pipeline does not have, or of the wrong type, are refused") {
  Machine& machine = *this;
  ControlPlane control(machine);
  const auto refused = control.engine->submit(sample_pipeline({{"row", 3}, {"flag", "maybe"}}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().one_line() ==
        "2 problems: (1) the pipeline has no parameter \"row\"; did you mean \"rows\"? "
        "(2) the parameter \"flag\" does not fit: wanted a value of type boolean, not \"maybe\"");
}

TEST_CASE("a control plane that is killed at every third task in turn runs each pipeline task once") {
  for (std::size_t kill_at = 1; kill_at < 600; kill_at += 3) {
    CAPTURE(kill_at);
    Machine machine;
    std::map<std::string, doc::Value> seen;
    play_sample(machine, seen);
    auto control = std::make_unique<ControlPlane>(machine);
    const auto id = control->engine->submit(sample_pipeline()).value();
    std::size_t tasks = 0;
    machine.simulated.run_until(
        [&] { return is_finished(control->engine->get(id).value().phase) || ++tasks > kill_at; },
        std::chrono::hours(1));
    const bool killed = tasks > kill_at;
    if (killed) {
      control.reset();
      machine.simulated.crash_control_plane();
      control = std::make_unique<ControlPlane>(machine);
    }
    const auto run = control->finish(id);
    REQUIRE(run.phase == Phase::succeeded);
    auto executed = machine.executed;
    std::ranges::sort(executed);
    REQUIRE(executed ==
            std::vector<std::string>{"condition-1/publish", "inner/prepare", "opt", "prepare", "shout", "train"});
    REQUIRE(doc::render_json(run.outputs) == R"({"Output":0.5})");
    if (!killed) break;
  }
}
