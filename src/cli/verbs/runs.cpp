#include <iostream>

#include "cli/client.hpp"
#include "cli/run_follower.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"

// What became of workflow runs: list, show, logs, wait; and cancel, rerun. Starting one is run.cpp's.

namespace slipway::cli {
namespace {

constexpr const char* base = "/api/slipway/v1/runs";

struct RunsOptions {
  Common common;
  std::string run, step, commit;
  std::int64_t limit = 20, timeout = 3600;
};
using Options = std::shared_ptr<RunsOptions>;

std::string path_of(const RunsOptions& options, std::string_view rest = {}) {
  return std::string(base) + "/" + net::url_encode(options.run) + std::string(rest);
}

int list_runs(const RunsOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, "GET", std::string(base) + "?limit=" + std::to_string(options.limit));
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::vector<std::vector<std::string>> rows;
  const doc::Value& items = (*answer)["items"];
  for (const doc::Value& run : items.is_array() ? items.as_array() : doc::Array{}) {
    rows.push_back({run["id"].string_or(""), run["workflow"].string_or(""), run["dialect"].string_or(""),
                    run["phase"].string_or(""), run["commit"].string_or("").substr(0, 7),
                    without_fraction(run["created"].string_or("")), run["message"].string_or("")});
  }
  if (rows.empty()) return std::cout << "nothing was run yet\n", ExitCode::ok;
  print_table({"RUN", "WORKFLOW", "DIALECT", "PHASE", "COMMIT", "CREATED", "MESSAGE"}, rows);
  return ExitCode::ok;
}

void print_run(const doc::Value& run) {
  std::cout << run["id"].string_or("") << "  " << run["phase"].string_or("") << "  " << run["message"].string_or("")
            << "\n\n";
  std::vector<std::vector<std::string>> rows;
  for (const doc::Value& step : run["steps"].is_array() ? run["steps"].as_array() : doc::Array{}) {
    rows.push_back({step["id"].string_or(""), step["phase"].string_or(""), step["attempts"].string_or(""),
                    step["pod"].string_or(""), step["message"].string_or("")});
  }
  print_table({"STEP", "PHASE", "ATTEMPTS", "POD", "MESSAGE"}, rows);
}

int show_run(const RunsOptions& options, std::string_view method, std::string_view verb) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, method, path_of(options, verb));
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table)
    print_value(*answer, format);
  else
    print_run(*answer);
  return ExitCode::ok;
}

int print_logs(const RunsOptions& options) {
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error());
  auto text = fetch_text(*connection, path_of(options, "/logs?step=" + net::url_encode(options.step)));
  if (!text) return print_error(text.error());
  std::cout << *text;
  return ExitCode::ok;
}

// A verb about one run.
Command about_a_run(const Options& options, std::string name, std::string summary, std::string example,
                    std::function<int()> run, std::vector<Option> more = {}, bool with_output = true) {
  std::vector<Option> list{{"run", "RUN", "its id: slipway runs list", &options->run, true}};
  for (Option& option : more) list.push_back(std::move(option));
  for (Option& option : common_options(options->common, with_output)) list.push_back(std::move(option));
  return {.name = std::move(name),
          .summary = std::move(summary),
          .examples = {std::move(example)},
          .options = std::move(list),
          .run = std::move(run),
          .state = options};
}

Command list_command() {
  auto options = std::make_shared<RunsOptions>();
  std::vector<Option> list{{"--limit", "N", "at most so many, the newest first", &options->limit}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "list",
          .summary = "the newest runs",
          .examples = {"slipway runs list", "slipway runs list -o json --limit 100"},
          .options = std::move(list),
          .run = [options] { return list_runs(*options); },
          .state = options};
}

Command logs_of_run_command() {
  auto options = std::make_shared<RunsOptions>();
  std::vector<Option> step{{"--step", "STEP", "only of this step, as `runs show` names it", &options->step}};
  return about_a_run(
      options, "logs", "what its steps wrote", "slipway runs logs release-svhnw --step evaluate/2",
      [options] { return print_logs(*options); }, std::move(step), false);
}

// The run of a commit: it may not have begun yet when a push has just been accepted.
Result<std::string> run_of_commit(const Connection& connection, const std::string& commit, core::Instant deadline) {
  Progress progress("waiting for a run of " + commit.substr(0, 7));
  for (;;) {
    TRY_ASSIGN(const doc::Value runs, call(connection, "GET", std::string(base) + "?limit=100"));
    for (const doc::Value& run : runs["items"].is_array() ? runs["items"].as_array() : doc::Array{})
      if (run["commit"].string_or("") == commit) return run["id"].string_or("");
    if (core::real_clock().monotonic() > deadline)
      return fail(Code::not_found, "no workflow was started for commit " + commit,
                  "slipway audit says whether a workflow file was refused");
    core::sleep_for(std::chrono::milliseconds(200));
  }
}

int wait_for_run(RunsOptions& options) {
  const Format format = options.common.format();
  if (options.run.empty() == options.commit.empty())
    return print_error(core::Error(Code::invalid_argument, "give a run, or --commit SHA"), format);
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  if (options.run.empty()) {
    const core::Instant deadline = core::real_clock().monotonic() + std::chrono::seconds(30);
    auto id = run_of_commit(*connection, options.commit, deadline);
    if (!id) return print_error(id.error(), format);
    options.run = *id;
  }
  auto run = follow_run(*connection, options.run, std::chrono::seconds(options.timeout));
  if (!run) return print_error(run.error(), format);
  if (format != Format::table)
    print_value(*run, format);
  else
    std::cout << "run " << options.run << " " << (*run)["phase"].string_or("") << " " << (*run)["message"].string_or("")
              << "\n";
  return (*run)["phase"].string_or("") == "Succeeded" ? ExitCode::ok : ExitCode::failed;
}

Command wait_command() {
  auto options = std::make_shared<RunsOptions>();
  std::vector<Option> list{{"run", "RUN", "its id: slipway runs list", &options->run},
                           {"--commit", "SHA", "instead: the newest run of this commit", &options->commit},
                           {"--timeout", "SECONDS", "how long to wait for its end", &options->timeout}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "wait",
          .summary = "follow it to its end",
          .details = "Exit code 1 unless it succeeded.",
          .examples = {"slipway runs wait release-svhnw", "slipway runs wait --commit \"$(git rev-parse HEAD)\""},
          .options = std::move(list),
          .run = [options] { return wait_for_run(*options); },
          .state = options};
}

Command steering(const std::string& name, const std::string& summary, std::string_view method, std::string_view verb) {
  auto options = std::make_shared<RunsOptions>();
  return about_a_run(options, name, summary, "slipway runs " + name + " release-svhnw",
                     [options, method, verb] { return show_run(*options, method, verb); });
}

}  // namespace

Command runs_command() {
  return {.name = "runs",
          .summary = "runs of workflows and pipelines: list, show, logs, wait, cancel, rerun",
          .examples = {"slipway runs list", "slipway runs show release-svhnw",
                       "slipway runs logs release-svhnw --step evaluate/2"},
          .children = {list_command(), steering("show", "its steps, one line each", "GET", ""), logs_of_run_command(),
                       wait_command(), steering("cancel", "stop what runs and start nothing more", "POST", "/cancel"),
                       steering("rerun", "the same file with the same inputs once more", "POST", "/rerun")}};
}

}  // namespace slipway::cli
