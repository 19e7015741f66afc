#include <filesystem>
#include <iostream>

#include "cli/client.hpp"
#include "cli/run_follower.hpp"
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

int run(const RunOptions& options) {
  const Format format = options.common.format();
  auto text = read_input(options.file);
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
    answer = follow_run(*connection, id, std::chrono::seconds(options.timeout));
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
          .examples =
              {"slipway run pipelines/evaluate.yaml --wait -p model=support-assistant -p host=support.dev.example.com "
               "-p endpoint=\"$(slipway endpoint gateway)\" -p prompts=\"$PWD/prompts/eval.jsonl\"",
               "slipway run .github/workflows/release.yaml"},
          .options = std::move(list),
          .run = [options] { return run(*options); },
          .state = options};
}

}  // namespace slipway::cli
