#pragma once
// Rules: by what the proxy of Services serves: where it listens, and who may answer there. The control plane compiles
// them (compile.hpp) and leaves them in a file (docs/internals/services.md), the proxy reads them. Values; pure.

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/result.hpp"

namespace slipway::services {

enum class Protocol { tcp, udp };
std::string_view name_of(Protocol protocol);  // "TCP"

struct Address {
  std::string host;  // an IP address as text
  int port = 0;
  auto operator<=>(const Address&) const = default;
  std::string text() const;  // "127.0.0.1:80", "[::1]:80"
};
// invalid_argument: it is no IP address with a port of 1 to 65535.
Result<Address> parse_address(const std::string& text);

struct Rule {
  std::string name;  // "default/web:http", for people
  Protocol protocol = Protocol::tcp;
  std::vector<Address> listen;
  std::vector<Address> endpoints;     // none: whoever connects is refused
  std::int64_t affinity_seconds = 0;  // a client stays with its endpoint that long; 0: each connection is another's
  bool operator==(const Rule&) const = default;
};
using Rules = std::vector<Rule>;

std::string render(const Rules& rules);
// invalid_argument names what is wrong. What it does not know is left alone: who wrote it may be newer.
Result<Rules> parse_rules(std::string_view text, const std::string& source_name);

}  // namespace slipway::services
