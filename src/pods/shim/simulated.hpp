#pragma once
// The shim of the simulated world: a simulated program that does with its directory what the real one does, so that
// ShimRuntime's recovery is what the crash tests and `slipway rehearse` run, not a stand-in for it.

#include <memory>
#include <string>

#include "core/world/simulated.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

// A machine that has this file gives containers no view of their own.
inline constexpr const char* refuses_own_view = "/refuses-own-view";

// Installs the simulated shim as a program of `simulation` and makes a runtime whose containers are simulated
// processes: a container's argv[0] names a program installed there. `directory` is on the simulated disk and
// survives a crash of the control plane as the processes do. `world` is simulation.world(), kept by the caller.
std::unique_ptr<Runtime> make_simulated_runtime(core::SimulatedWorld& simulation, core::World& world,
                                                const std::string& directory);

}  // namespace slipway::pods
