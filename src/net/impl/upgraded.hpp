#pragma once
// Upgraded: what a server's connection is handed to after a 101 answer.

#include <memory>
#include <string_view>

namespace slipway::net {

class Connection;
struct Exchange;

class Upgraded {
 public:
  virtual ~Upgraded() = default;
  // First of all, where the handler answers; all the others are on the network thread.
  virtual void attach(std::shared_ptr<Exchange> exchange) = 0;
  virtual void on_start(std::shared_ptr<Connection> connection) = 0;
  virtual void on_bytes(std::string_view bytes) = 0;
  virtual void on_written() = 0;  // the socket took all that waited; Exchange::unsent is smaller
  virtual void on_silence() = 0;  // see Connection::expect_upgraded()
  virtual void on_end() = 0;      // the connection is gone, for whatever reason; the last call
};

}  // namespace slipway::net
