#pragma once
// For tests: the embedded API server on a loopback port, with a control loop on a thread of its own as in the product,
// and the definitions of our own kinds as they lie in deploy/crds.

#include <memory>
#include <optional>
#include <vector>

#include "core/doc.hpp"
#include "net/http.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::support {

std::vector<core::doc::Value> own_definitions();

struct ApiServerOptions {
  std::size_t ring_size = 10'000;  // changes that are kept for watches
  int port = 0;                    // 0: a free one
  std::optional<net::ServerTls> tls = {};
  net::Router::Guard guard = {};  // in front of everything; runs on the server's loop
};

class ApiServer {
 public:
  // Keeps what it is told in `database`, which outlives it.
  explicit ApiServer(storage::Database& database, ApiServerOptions options = {});
  ~ApiServer();
  int port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::support
