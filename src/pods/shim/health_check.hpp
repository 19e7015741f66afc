#pragma once
// Asks a gRPC server how it is: grpc.health.v1.Health/Check, with as much HTTP/2 as one call needs. For a process of
// its own, which somebody ends when it takes too long: it blocks.

#include <string>

#include "core/result.hpp"

namespace slipway::pods::shim {

// `host` is an IPv4 address. An error says what it answered instead of SERVING, or why it did not.
Result<> check_health(const std::string& host, int port, const std::string& service);

}  // namespace slipway::pods::shim
