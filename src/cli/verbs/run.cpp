#include <filesystem>
#include <iostream>
#include <set>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"

namespace slipway::cli {
namespace {

struct RunOptions {
  Common common;
  std::string file, name, outputs;
  std::vector<std::string> parameters;
  bool wait = false;
  std::int64_t timeout = 3600;
};

bool is_over(std::string_view phase) {
  return phase == "Succeeded" || phase == "Failed" || phase == "Error" || phase == "Cancelled";
}

// Prints each step once when it ends, with the log's tail when it failed.
class Follower {
 public:
  explicit Follower(const Connection& connection) : connection_(connection), progress_("running") {}

  void show(const doc::Value& run) {
    std::string running;
    for (const doc::Value& step : run["steps"].is_array() ? run["steps"].as_array() : doc::Array{}) {
      const std::string name = step["name"].string_or(step["id"].string_or(""));
      const std::string phase = step["phase"].string_or("");
      if (phase == "Running") running += (running.empty() ? "" : ", ") + name;
      if (phase == "Pending" || phase == "Running" || phase.empty() || !told_.insert(name).second) continue;
      progress_.update("");
      const std::string mark = phase == "Succeeded" ? green("ok  ") : phase == "Skipped" ? dim("skip") : red("FAIL");
      std::cout << mark << " " << name << " " << step["message"].string_or("") << std::endl;
      if (phase == "Failed" || phase == "Error") show_tail(run, step);
    }
    progress_.update(running.empty() ? run["phase"].string_or("") : running);
  }

 private:
  void show_tail(const doc::Value& run, const doc::Value& step) {
    auto log = fetch_text(connection_, "/api/slipway/v1/runs/" + net::url_encode(run["id"].string_or("")) +
                                           "/logs?step=" + net::url_encode(step["id"].string_or("")));
    if (!log) return;
    std::vector<std::string> lines;
    std::size_t start = 0;
    while (start < log->size()) {
      const std::size_t end = std::min(log->find('\n', start), log->size());
      lines.push_back(log->substr(start, end - start));
      start = end + 1;
    }
    for (std::size_t i = lines.size() > 10 ? lines.size() - 10 : 0; i < lines.size(); ++i)
      std::cout << "     | " << lines[i] << "\n";
  }

  const Connection& connection_;
  Progress progress_;
  std::set<std::string> told_;
};

Result<doc::Value> follow(const Connection& connection, const std::string& id, std::int64_t timeout) {
  Follower follower(connection);
  const core::Instant start = core::real_clock().monotonic();
  for (;;) {
    auto run = call(connection, "GET", "/api/slipway/v1/runs/" + net::url_encode(id));
    if (!run && run.error().code != Code::unavailable) return run;
    if (run) {
      follower.show(*run);
      if (is_over((*run)["phase"].string_or(""))) return run;
    }
    if (core::real_clock().monotonic() - start > std::chrono::seconds(timeout)) {
      return fail(Code::deadline_exceeded, "run " + id + " is not finished after " + std::to_string(timeout) + " s",
                  "it goes on: slipway run-show " + id);
    }
    core::sleep_for(std::chrono::milliseconds(250));
  }
}

int run(const RunOptions& options) {
  const Format format = options.common.format();
  auto text = core::real_files().read(std::filesystem::absolute(options.file).string());
  if (!text) return print_error(text.error(), format);
  doc::Object parameters;
  for (const std::string& parameter : options.parameters) {
    const std::size_t equals = parameter.find('=');
    if (equals == std::string::npos)
      return print_error(core::Error(Code::invalid_argument, "\"" + parameter + "\" is not NAME=VALUE"), format);
    parameters.set(parameter.substr(0, equals), parameter.substr(equals + 1));
  }
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  doc::Object body{{"file", options.file}, {"source", *text}, {"parameters", std::move(parameters)}};
  if (!options.name.empty()) body.set("name", options.name);
  auto answer = call(*connection, "POST", "/api/slipway/v1/runs", std::move(body));
  if (!answer) return print_error(answer.error(), format);
  const std::string id = (*answer)["id"].string_or("");
  if (options.wait || !options.outputs.empty()) {
    answer = follow(*connection, id, options.timeout);
    if (!answer) return print_error(answer.error(), format);
  }
  if (!options.outputs.empty()) {
    const doc::Object outputs{{"outputs", (*answer)["outputs"]}, {"metrics", (*answer)["metrics"]}};
    if (auto written = core::real_files().write_atomic(std::filesystem::absolute(options.outputs).string(),
                                                       doc::render_json_pretty(outputs) + "\n", 0644);
        !written) {
      return print_error(written.error(), format);
    }
  }
  const std::string phase = (*answer)["phase"].string_or("Pending");
  if (format != Format::table)
    print_value(*answer, format);
  else
    std::cout << "run " << id << " " << phase << " " << (*answer)["message"].string_or("") << "\n";
  return !options.wait || phase == "Succeeded" ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

Command run_command() {
  auto options = std::make_shared<RunOptions>();
  std::vector<Option> list{
      {"file", "FILE", "a compiled KFP pipeline or a GitHub Actions workflow", &options->file, true},
      {"-p,--parameter", "NAME=VALUE", "may be given again", &options->parameters},
      {"--name", "NAME", "how the run is called", &options->name},
      {"--wait", "", "follow it to the end; exit code 1 unless it succeeded", &options->wait},
      {"--outputs", "FILE", "write its outputs and metrics as JSON (waits)", &options->outputs},
      {"--timeout", "SECONDS", "of --wait", &options->timeout}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "run",
          .summary = "run a pipeline or workflow file on the embedded engine",
          .examples = {"slipway run pipelines/evaluate.yaml -p model=support-assistant --wait",
                       "slipway run .github/workflows/release.yaml"},
          .options = std::move(list),
          .run = [options] { return run(*options); },
          .state = options};
}

}  // namespace slipway::cli
