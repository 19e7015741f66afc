#pragma once
// `slipway model-server` as a program of the simulated world: world.install("slipway", model_server_program).

#include "core/world/simulated.hpp"

namespace slipway::serving::simulator {

// argv is {..., "model-server", flags...}; with bad flags it writes the error and exits with 2, as the real one does.
// SIGTERM drains, then exits with 0.
std::unique_ptr<core::SimulatedProgram> model_server_program(core::SimulatedProcess& process);

}  // namespace slipway::serving::simulator
