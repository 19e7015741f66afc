#pragma once
// The proxy of Services: a process of its own that listens on cluster IPs, node ports and host ports and carries TCP
// and UDP to the endpoints, by rules from a file, with or without a control plane. One event loop on one thread.
// docs/internals/services.md has the life of a connection. Not for HTTP: that is the gateway's.

#include <limits>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "services/rules.hpp"

namespace slipway::services::proxy {

struct ProxyOptions {
  std::string rules;   // a file, absolute; it need not be there yet
  std::string health;  // ADDRESS:PORT of /healthz, /readyz (it has rules), /problems and /metrics
  std::size_t descriptors = std::numeric_limits<std::size_t>::max();  // that it may have: connections wait then
};

class Proxy {
 public:
  static Result<std::unique_ptr<Proxy>> start(ProxyOptions options);
  ~Proxy();  // ends every connection, and waits

 private:
  struct Impl;
  static void listen_for_health(Impl& impl, const Address& at);
  explicit Proxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The process: until SIGTERM or SIGINT. Its exit code.
int proxy_main(ProxyOptions options);

}  // namespace slipway::services::proxy
