#pragma once
// The text that both ends of a SPDY/3 session prime zlib with, from the protocol's definition (section 2.6.10.1).

#include <string>

namespace slipway::net::spdy {

const std::string& dictionary();  // 1423 bytes; safe from any thread

}  // namespace slipway::net::spdy
