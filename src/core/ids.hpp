#pragma once
// Names and identifiers: RFC 1123 checks, short hashes for child names.

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::core {

bool is_dns_label(std::string_view name);      // RFC 1123, at most 63
bool is_dns_subdomain(std::string_view name);  // RFC 1123, at most 253
// A legal DNS-1035 label made from any text: dots become '-', and what does not fit ends in a hash.
std::string to_dns_label(std::string_view text);
// Ten characters of [bcdfghjklmnpqrstvwxz2456789] from FNV-1a, as pod-template-hash looks.
std::string short_hash(std::string_view text);

}  // namespace slipway::core
