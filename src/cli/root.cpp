#include "cli/verbs.hpp"

namespace slipway::cli {

namespace {

Command with_examples(Command command, std::vector<std::string> examples) {
  command.examples = std::move(examples);
  return command;
}

}  // namespace

const Command& root_command() {
  static const Command root{
      .name = "slipway",
      .summary = "takes a large language model from a git commit to a monitored production rollout",
      .details =
          "Exit codes: 0 done, 1 done and the verdict is bad, 2 usage, 3 refused or not found, 4 no platform, 130 "
          "interrupted.",
      .examples = {"slipway demo                 see all of it in three minutes",
                   "slipway up --detach          start the platform",
                   "slipway status               what runs, and where"},
      .children = {demo_command(),
                   up_command(),
                   status_command(),
                   endpoint_command(),
                   down_command(),
                   init_command(),
                   lint_command(),
                   apply_command(),
                   get_command(),
                   run_command(),
                   runs_command(),
                   with_examples(model_command(), {"slipway model ls",
                                                   "slipway model register --card model.yaml --weights weights.gguf"}),
                   promote_command(),
                   inbox_command(),
                   approve_command(),
                   reject_command(),
                   rollout_command(),
                   history_command(),
                   audit_command(),
                   logs_command(),
                   load_command(),
                   token_command(),
                   backup_command(),
                   restore_command(),
                   completion_command(),
                   gateway_command(),
                   service_proxy_command()}};
  return root;
}

}  // namespace slipway::cli
