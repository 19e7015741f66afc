#include <iostream>
#include <thread>

#include "cli/client.hpp"
#include "cli/demo/story.hpp"
#include "cli/demo/workspace.hpp"
#include "cli/platform_process.hpp"
#include "cli/verbs.hpp"
#include "core/stop_signals.hpp"
#include "core/world/real.hpp"
#include "server/platform.hpp"

namespace slipway::cli {
namespace {

struct DemoOptions {
  std::string runtime = "llama-server", record, profile;
  bool keep = false, stop = false, tolerate_outages = false;
};

// What must be there, told at once and before anything is started; never a silent fall-back.
Result<std::string> weights_for(const DemoOptions& options, const demo::Workspace& workspace) {
  std::vector<core::Error> missing;
  std::string weights;
  if (auto prometheus = server::find_program("prometheus", "apt-get install prometheus (./quickstart does it)");
      !prometheus)
    missing.push_back(std::move(prometheus).error());
  if (auto git = server::find_program("git", "apt-get install git"); !git) missing.push_back(std::move(git).error());
  if (auto python = server::find_program("python3", "apt-get install python3"); !python)
    missing.push_back(std::move(python).error());
  if (options.runtime == "llama-server") {
    if (auto server = server::find_llama_server("runtime"); !server) missing.push_back(std::move(server).error());
    if (auto found = server::find_sample_weights())
      weights = *found;
    else
      missing.push_back(std::move(found).error());
  } else {
    weights = workspace.root() + "/simulated-weights.gguf";
    if (auto written =
            core::real_files().write_atomic(weights, "GGUF, simulated: the simulated model server needs no weights\n");
        !written)
      missing.push_back(std::move(written).error());
  }
  if (!missing.empty()) return fail(core::join(std::move(missing)));
  return weights;
}

// Waits for Ctrl-C or SIGTERM on a thread of its own: stops the platform with everything it started, then ends.
void stop_on_signal(PlatformProcess& platform, demo::Workspace& workspace) {
  std::thread([&platform, &workspace] {
    core::wait_for_stop_signal();
    std::cerr << "\nstopping everything" << std::endl;
    platform.stop();
    if (auto removed = core::real_files().remove_tree(workspace.root()); !removed)
      std::cerr << removed.error().one_line() << "\n";
    std::_Exit(ExitCode::interrupted);
  }).detach();
}

void report(const demo::Outcome& outcome, const demo::Teller& teller, bool good) {
  std::cout << "\n" << bold("What happened") << "\n";
  const auto seconds = [](double s) {
    return s < 0 ? std::string("?") : core::render_for_people(core::Duration(static_cast<std::int64_t>(s * 1e6)));
  };
  std::cout << "  production serves        " << outcome.serving
            << (outcome.right_version_serves ? "" : red("  (wrong)")) << "\n"
            << "  verdict on v2            " << outcome.verdict << "\n"
            << "  detected after           " << seconds(outcome.detected_seconds)
            << " of canary traffic, restored after " << seconds(outcome.restored_seconds) << "\n"
            << "  the canary served        " << outcome.canary_requests << " requests, " << outcome.canary_failed
            << " of them failed\n"
            << "  outside the canary       " << outcome.requests - outcome.canary_requests << " requests, "
            << (outcome.failed_outside_canary == 0 ? "no request failed"
                                                   : red(std::to_string(outcome.failed_outside_canary) + " failed"))
            << "\n"
            << "  the story took           " << seconds(teller.elapsed()) << "\n"
            << (good ? green("  The bad version was caught, and customers kept their answers.")
                     : red("  The story did not end as it should."))
            << std::endl;
}

// The demo's own profile, and what the user's adds to it.
Result<std::string> profile_for(const DemoOptions& options, const std::string& weights) {
  std::string text = "serving:\n  runtime: " + std::string(options.runtime == "sim" ? "simulated" : "llama-server") +
                     "\nmonitoring:\n  scrapeInterval: 1s\nworkflow:\n  variables:\n    WEIGHTS: " +
                     doc::render_json(doc::Value(weights)) + "\n";
  if (options.profile.empty()) return text;
  TRY_ASSIGN(const std::string more, read_input(options.profile));
  return text + more;
}

int run_demo(const DemoOptions& options) {
  core::block_stop_signals();
  demo::Teller teller;
  if (!options.record.empty()) {
    if (auto recording = teller.record_to(options.record); !recording) return print_error(recording.error());
  }
  auto workspace = demo::Workspace::create();
  if (!workspace) return print_error(workspace.error());
  auto weights = weights_for(options, *workspace);
  if (!weights) return print_error(weights.error());

  const std::string profile = workspace->root() + "/profile.yaml";
  const auto text = profile_for(options, *weights);
  if (!text) return print_error(text.error());
  if (auto written = core::real_files().write_atomic(profile, *text); !written) return print_error(written.error());
  PlatformProcess platform({server::own_executable(), "up", "--data", workspace->data(), "--team",
                            workspace->repository() + "/team.yaml", "--profile", profile},
                           workspace->data(), workspace->root() + "/platform.log");
  stop_on_signal(platform, *workspace);
  if (auto started = platform.start(); !started) return print_error(started.error());
  std::cout << "The platform runs; its data is in " << workspace->data() << "\n";
  if (auto endpoints = read_endpoints(workspace->data()))
    std::cout << "Watch it: " << bold((*endpoints)["ui"].string_or("")) << std::endl;

  const bool simulated = options.runtime == "sim";
  demo::StoryOptions story_options{.weights = *weights,
                                   .rate = simulated ? 12.0 : 3.0,
                                   .users = 200,
                                   .max_in_flight = simulated ? 64 : 6,
                                   .tolerate_outages = options.tolerate_outages};
  auto story = std::make_unique<demo::Story>(*workspace, teller, story_options);
  auto outcome = story->play();
  story.reset();  // no request is under way when the platform stops
  int code = ExitCode::ok;
  if (!outcome) {
    code = print_error(outcome.error());
    if (code == ExitCode::ok) code = ExitCode::failed;
  } else {
    const bool good = outcome->good(options.tolerate_outages);
    report(*outcome, teller, good);
    code = good ? ExitCode::ok : ExitCode::failed;
  }
  if (options.keep) {
    workspace->keep();
    platform.release();
    std::cout << "\nEverything is left running. Stop it: slipway down --data " << workspace->data() << std::endl;
    return code;
  }
  if (is_terminal() && !options.stop && outcome) {
    std::cout << "\nThe platform is still up: look around, then press Ctrl-C." << std::endl;
    for (;;) core::sleep_for(std::chrono::hours(1));
  }
  platform.stop();
  return code;
}

}  // namespace

Command demo_command() {
  auto options = std::make_shared<DemoOptions>();
  return {
      .name = "demo",
      .summary = "watch a model go from git push to a monitored rollout, and a bad version be caught",
      .details =
          "Plays the ten steps of a team of three on a platform of its own, in a scratch directory. Exit code 0: the "
          "good version was\n"
          "promoted, the bad one rolled back by itself, and no request outside the canary failed.",
      .examples = {"slipway demo", "slipway demo --runtime sim --record events.jsonl", "slipway demo --keep"},
      .options = {{"--runtime",
                   "RUNTIME",
                   "llama-server (a real model) or sim (simulated model servers)",
                   &options->runtime,
                   false,
                   {"llama-server", "sim"}},
                  {"--profile", "FILE", "lines for the platform's profile: engines and cluster", &options->profile},
                  {"--record", "FILE", "write the events as JSON lines", &options->record},
                  {"--keep", "", "leave everything running", &options->keep},
                  {"--stop", "", "stop at the end, in a terminal too", &options->stop},
                  {"--tolerate-outages", "", "parts are killed on purpose: failed requests do not spoil the verdict",
                   &options->tolerate_outages}},
      .run = [options] { return run_demo(*options); },
      .state = options};
}

}  // namespace slipway::cli
