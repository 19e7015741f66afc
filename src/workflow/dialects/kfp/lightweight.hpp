#pragma once
// Lightweight Python components: how the KFP compiler writes them into a container's command, taken apart again, so
// that no step waits for pip or imports the SDK. Inside dialects/kfp only.

#include <optional>
#include <string>
#include <vector>

namespace slipway::workflow::kfp {

struct LightweightComponent {
  std::string source;                 // of the Python module
  std::string function;               // to call
  std::vector<std::string> packages;  // that the bootstrap would install, the SDK itself left out
};

// nullopt when the command is not the compiler's bootstrap and kfp.dsl.executor_main.
std::optional<LightweightComponent> recognise(const std::vector<std::string>& command,
                                              const std::vector<std::string>& arguments);

}  // namespace slipway::workflow::kfp
