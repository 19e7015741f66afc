#pragma once
// What both forms of Pods/portforward share: the tunnel of SPDY streams that kubectl opens, and the channels of one
// WebSocket that libraries use. Inside the room only.

#include "pods/connect/context.hpp"

namespace slipway::pods::connect {

constexpr Duration forward_timeout = std::chrono::seconds(10);  // until the Pod has accepted a connection

// Its address may be another's by now.
bool is_still_there(const Context& context, const objects::Object& pod);

// The request's ?ports=, each with a channel 2i for its bytes and 2i+1 for what went wrong; both begin with the port,
// two bytes, little-endian. One connection a port, at once. The WebSocket closes with the last of them.
void forward_by_channels(const ContextPtr& context, const api::CallPtr& call, const objects::Object& pod);

}  // namespace slipway::pods::connect
