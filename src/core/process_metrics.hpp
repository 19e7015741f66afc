#pragma once
// The process_* families that Prometheus' client libraries have for every process: CPU, memory, start, open files.
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics

#include <string>

#include "core/world/world.hpp"

namespace slipway::core::metrics {

// Of this process, from /proc; nothing where there is none (the simulated world). Reads four small files: blocking, but
// not for long.
std::string render_process(const Files& files);

}  // namespace slipway::core::metrics
