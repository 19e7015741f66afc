#include "services/proxy/proxy.hpp"

#include "cli/verbs.hpp"

namespace slipway::cli {

Command service_proxy_command() {
  auto options = std::make_shared<services::proxy::ProxyOptions>();
  return {
      .name = "service-proxy",
      .summary = "what listens on the addresses of Services, as a process of its own (slipway up starts one)",
      .details = "Serves by the rules in a file that the control plane keeps, and goes on with them when it is gone.",
      .examples = {"slipway service-proxy --rules /srv/slipway/services/rules.json --health 127.20.128.0:10256"},
      .options = {{"--rules", "FILE", "where Services are and who answers for them", &options->rules, true},
                  {"--health", "ADDRESS:PORT", "/healthz, /readyz, /problems, /metrics", &options->health, true}},
      .run = [options] { return services::proxy::proxy_main(*options); },
      .state = options,
      .hidden = true};
}

}  // namespace slipway::cli
