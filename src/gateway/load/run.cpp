#include "core/stop_signals.hpp"
#include "gateway/load/load.hpp"

namespace slipway::gateway::load {

Result<LoadReport> run_until_interrupted(LoadOptions options) {
  const sigset_t signals = core::block_stop_signals();
  TRY_ASSIGN(const auto generator, LoadGenerator::start(std::move(options)));
  while (generator->is_running()) {
    const timespec tick{0, 200'000'000};
    if (sigtimedwait(&signals, nullptr, &tick) > 0) break;
  }
  return generator->stop();
}

}  // namespace slipway::gateway::load
