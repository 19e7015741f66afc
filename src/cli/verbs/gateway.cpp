#include "gateway/proxy/gateway.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {

Command gateway_command() {
  auto options = std::make_shared<gateway::proxy::GatewayOptions>();
  return {.name = "gateway",
          .summary = "the data plane as a process of its own (slipway up starts one)",
          .details =
              "Serves by the rules that the control plane sends, and goes on with the last ones when it is gone. "
              "SIGTERM drains.",
          .examples = {"slipway gateway --control-plane http://127.0.0.1:8080 --listen 127.0.0.1:8081 --admin "
                       "127.0.0.1:8082 --cache rules.json"},
          .options = {{"--control-plane", "URL", "where the rules come from", &options->control_plane},
                      {"--listen", "ADDRESS:PORT", "users' requests", &options->listen},
                      {"--admin", "ADDRESS:PORT", "metrics, health, snapshot, drain", &options->admin},
                      {"--cache", "FILE", "keeps the last rules", &options->cache}},
          .run = [options] { return gateway::proxy::gateway_main(*options); },
          .state = options};
}

}  // namespace slipway::cli
