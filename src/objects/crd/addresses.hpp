#pragma once
// Addresses of networks as formats of texts: IPv4 (leading zeros are allowed, as Kubernetes does), IPv6, CIDR, MAC.

#include <string_view>

namespace slipway::objects::crd {

bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);  // with a colon; no zone
bool is_cidr(std::string_view text);
bool is_mac(std::string_view text);  // 6, 8 or 20 bytes, with colons, dashes or dots

}  // namespace slipway::objects::crd
