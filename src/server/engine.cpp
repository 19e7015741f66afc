#include <filesystem>

#include "server/identities.hpp"
#include "server/state.hpp"

namespace slipway::server {
namespace {

using State = Platform::State;
constexpr std::chrono::seconds step_patience{120};  // a step waits so long for a control plane that restarts

}  // namespace

Result<> open_engine(State& s) {
  const Layout& layout = s.options.layout;
  s.source_tree = std::make_unique<ForgeTree>(s.world().files, *s.forge);
  s.log_source = std::make_unique<NodeLogs>(*s.node);
  workflow::EngineOptions options;
  options.directory = layout.runs();
  options.runtime_directory = layout.runtime();
  options.python = s.options.profile.python;
  if (options.python.empty()) {
    if (auto python = find_python())
      options.python = *python;
    else
      options.python = "python3";
  }
  const std::string own = own_executable();
  const char* path = std::getenv("PATH");
  options.environment = {{"PATH", std::filesystem::path(own).parent_path().string() + ":" +
                                      (path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path)},
                         {"HOME", layout.runs()},
                         {"LANG", "C.UTF-8"},
                         {"SLIPWAY_URL", s.url(s.ports.api)},
                         {"SLIPWAY_GATEWAY", s.url(s.ports.gateway)},
                         {"SLIPWAY_TOKEN_FILE", token_file(layout, ci_account)},
                         {"SLIPWAY_RETRY_SECONDS", std::to_string(step_patience.count())}};
  options.source_tree = s.source_tree.get();
  options.log_source = s.log_source.get();
  s.engine =
      std::make_unique<workflow::Engine>(s.world(), *s.database, *s.store, *s.blobs, *s.audit, std::move(options));
  return {};
}

}  // namespace slipway::server
