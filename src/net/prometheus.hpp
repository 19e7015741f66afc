#pragma once
// A question to the HTTP API of a Prometheus. Not for what is asked, nor for what an answer means.
// https://prometheus.io/docs/prometheus/latest/querying/api/
//
// Thread: the control loop only.

#include <functional>
#include <string>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::net {

// GET of `path` ("/api/v1/query?query=up") below `address`, which is empty while none runs. `done` runs on the loop,
// later, with the answer, that of a refused query too: an object with `status`. unavailable when nobody answers so.
void ask_prometheus(core::World& world, std::string address, const std::string& path,
                    std::move_only_function<void(core::Result<core::doc::Value>)> done);

}  // namespace slipway::net
