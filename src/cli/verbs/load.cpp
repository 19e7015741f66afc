#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "gateway/load/load.hpp"

namespace slipway::cli {
namespace {

int run(gateway::load::LoadOptions load, const std::string& prompts, bool as_json) {
  auto text = read_input(prompts);
  if (!text) return print_error(text.error());
  auto parsed = gateway::load::parse_prompts(*text, prompts);
  if (!parsed) return print_error(parsed.error());
  load.prompts = std::move(*parsed);
  const auto report = gateway::load::run_until_interrupted(std::move(load));
  if (!report) return print_error(report.error());
  std::cout << (as_json ? doc::render_json_pretty(to_json(*report)) + "\n" : to_table(*report));
  return report->failed == 0 ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

Command load_command() {
  struct Options {
    Common common;
    std::string url, host, model, prompts;
    double rate = 1, duration = 30;
    std::int64_t users = 0, seed = 1, in_flight = 256;
    bool json = false, remote = false, constant = false;
  };
  auto options = std::make_shared<Options>();
  std::vector<Option> list{
      {"--url", "URL", "the completions endpoint (default: the platform's gateway)", &options->url},
      {"--host", "NAME", "the Host header", &options->host},
      {"--model", "NAME", "what the requests ask for", &options->model, true},
      {"--prompts", "FILE", "JSON lines: prompt, max_tokens, user, weight", &options->prompts, true},
      {"--rate", "N", "requests a second, whether or not earlier ones were answered", &options->rate},
      {"--duration", "SECONDS", "0: until Ctrl-C", &options->duration},
      {"--users", "N", "spread over so many users (header x-user)", &options->users},
      {"--constant", "", "even gaps instead of Poisson arrivals", &options->constant},
      {"--seed", "N", "the same seed asks the same questions", &options->seed},
      {"--max-in-flight", "N", "beyond it requests wait, and the wait is measured", &options->in_flight},
      {"--allow-remote", "", "aim at another machine than this one", &options->remote},
      {"--json", "", "the report as JSON", &options->json}};
  for (Option& option : common_options(options->common, false)) list.push_back(std::move(option));
  return {.name = "load",
          .summary = "send streamed chat requests at a rate, and measure what users would feel",
          .examples = {"slipway load --model support-assistant --host support.example.com --prompts "
                       "prompts/traffic.jsonl --rate 4 --duration 60"},
          .options = std::move(list),
          .run =
              [options] {
                gateway::load::LoadOptions load;
                load.url = options->url;
                if (load.url.empty()) {
                  auto endpoints = read_endpoints(data_directory(options->common));
                  if (!endpoints) return print_error(endpoints.error());
                  load.url = (*endpoints)["gateway"].string_or("") + "/v1/chat/completions";
                }
                load.host = options->host;
                load.model = options->model;
                load.rate = options->rate;
                if (options->duration > 0)
                  load.duration = core::Duration(static_cast<std::int64_t>(options->duration * 1e6));
                load.arrivals = options->constant ? gateway::load::LoadOptions::Arrivals::constant
                                                  : gateway::load::LoadOptions::Arrivals::poisson;
                load.users = static_cast<int>(options->users);
                load.seed = static_cast<std::uint64_t>(options->seed);
                load.max_in_flight = static_cast<int>(options->in_flight);
                load.allow_remote = options->remote;
                return run(std::move(load), options->prompts, options->json);
              },
          .state = options};
}

}  // namespace slipway::cli
