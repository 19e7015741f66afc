#pragma once
// The data plane: an HTTP/1.1 reverse proxy that serves by an immutable Snapshot, with or without a control plane.
// One event loop on one thread. Rules and picking are in gateway/traffic; this is sockets, streaming and lifecycle.
// See docs/internals/gateway.md for the life of a request.

#include <memory>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::proxy {

struct Limits {
  core::Duration connect = std::chrono::seconds(2);         // unless a DestinationRule says otherwise
  core::Duration header = std::chrono::seconds(10);         // from a request's first byte to the end of its head
  core::Duration keep_alive = std::chrono::seconds(75);     // between requests
  core::Duration body = std::chrono::seconds(30);           // between two reads while a body is gathered for its key
  core::Duration stalled_client = std::chrono::minutes(5);  // that reads nothing of what we write
  core::Duration silent_upstream = std::chrono::hours(1);   // that sends nothing, when the route has no timeout
  core::Duration drain = std::chrono::seconds(10);
  std::size_t connections = 10'000;    // of clients at once; more are closed at once
  std::size_t read_ahead = 64 * 1024;  // of a body: to find the session key, and to be able to retry
};

struct GatewayOptions {
  std::string control_plane;              // "http://127.0.0.1:8080"; empty: none
  std::string listen = "127.0.0.1:8081";  // port 0: a free one
  std::string admin = "127.0.0.1:0";      // metrics, health, snapshot, drain
  std::string cache;                      // file that keeps the last snapshot; empty: none
  Limits limits;
};

class Gateway {
 public:
  // Listens, loads the cache, starts the loop and follows the control plane. unavailable when a port is taken;
  // invalid_argument for addresses that are none.
  static Result<std::unique_ptr<Gateway>> start(GatewayOptions options);
  ~Gateway();  // stop()

  int port() const;
  int admin_port() const;
  void set_snapshot(traffic::Snapshot snapshot);  // what a control plane would send; thread-safe
  void begin_drain();                             // not ready any more, answers close their connections; still accepts
  // Stops accepting, lets requests end for at most `limits.drain`, then cuts them. Blocks. Idempotent.
  void stop();

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// `slipway gateway`: serves until SIGTERM or SIGINT, drains, returns the exit code. Says on stderr where it listens.
int gateway_main(GatewayOptions options);

}  // namespace slipway::gateway::proxy
