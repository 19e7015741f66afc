#include <cstring>

#include "cli/verbs.hpp"
#include "pods/shim/shim.hpp"
#include "serving/simulator/process.hpp"

int main(int argc, char** argv) {
  const char* verb = argc > 1 ? argv[1] : "";
  // The shim comes first: it stays for as long as a container runs, so nothing else may have been set up.
  if (std::strcmp(verb, "shim") == 0) return slipway::pods::shim_main(argc, argv);
  // Has flags of its own, the same as in the simulated world.
  if (std::strcmp(verb, "model-server") == 0)
    return slipway::serving::simulator::run_model_server({argv + 2, argv + argc});
  return slipway::cli::run_command_line(slipway::cli::root_command(), argc, argv);
}
