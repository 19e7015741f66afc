#include <csignal>
#include <cstdio>

#include "core/world/real.hpp"
#include "gateway/load/load.hpp"

namespace slipway::gateway::load {
namespace {
int refuse(const Error& error) {
  std::fputs(("slipway load: " + error.render() + "\n").c_str(), stderr);
  return 1;
}
}  // namespace

int load_main(LoadMainOptions options) {
  if (!options.prompts_file.empty()) {
    auto text = core::real_files().read(options.prompts_file);
    if (!text) return refuse(text.error());
    auto prompts = parse_prompts(*text, options.prompts_file);
    if (!prompts) return refuse(prompts.error());
    options.load.prompts = std::move(*prompts);
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto generator = LoadGenerator::start(std::move(options.load));
  if (!generator) return refuse(generator.error());
  while ((*generator)->is_running()) {
    const timespec tick{0, 200'000'000};
    if (sigtimedwait(&signals, nullptr, &tick) > 0) break;
  }
  const LoadReport report = (*generator)->stop();
  const std::string out = options.json ? core::doc::render_json_pretty(to_json(report)) + "\n" : to_table(report);
  std::fputs(out.c_str(), stdout);
  return 0;
}

}  // namespace slipway::gateway::load
