#pragma once
// For tests: the embedded API server on a loopback port, with a control loop on a thread of its own as in the product,
// and the definitions of our own kinds as they lie in deploy/crds.

#include <memory>
#include <vector>

#include "core/doc.hpp"

namespace slipway::storage {
class Database;
}

namespace slipway::support {

std::vector<core::doc::Value> own_definitions();

class ApiServer {
 public:
  // Keeps what it is told in `database`, which outlives it, and the last `ring_size` changes for watches. Port 0: a
  // free one.
  ApiServer(storage::Database& database, std::size_t ring_size, int port = 0);
  ~ApiServer();
  int port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::support
