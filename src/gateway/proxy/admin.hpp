#pragma once
// Inside proxy/: the admin port. GET /metrics, /healthz, /readyz, /snapshot; POST /drain. One request a connection.

#include "gateway/proxy/state.hpp"

namespace slipway::gateway::proxy {

io::Co<> serve_admin(State& state, std::shared_ptr<io::Stream> client, std::function<void()> begin_drain);

}  // namespace slipway::gateway::proxy
