#pragma once
// IP addresses as texts: which are this machine's own, and which everybody's. Not for names: nothing is resolved here.

#include <string>
#include <string_view>
#include <vector>

namespace slipway::net {

// "192.0.2.7", "::1"; not "[::1]", not a name, and without a zone: no certificate says "fe80::1%eth0".
bool is_ip_address(std::string_view text);
// 127.0.0.0/8 and ::1: reached from this machine alone.
bool is_loopback(std::string_view address);
// 0.0.0.0 and ::, which listen on every address.
bool is_any_address(std::string_view address);
// Where others may reach this machine: the addresses of its interfaces that are up, without loopback and link-local
// ones, IPv4 first. Blocking, not for long.
std::vector<std::string> own_addresses();

}  // namespace slipway::net
