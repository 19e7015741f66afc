#pragma once
// A SPDY session inside a WebSocket: each binary message carries a slice of its bytes. This is how kubectl 1.31 and
// later forwards ports (subprotocol SPDY/3.1+portforward.k8s.io). What the streams mean is the handler's business.

#include <functional>
#include <memory>
#include <string>

#include "net/http.hpp"
#include "net/spdy.hpp"

namespace slipway::net {

// For the thread that handlers run on, as all its events are. It lives until the WebSocket is closed and nobody holds
// it.
class SpdyTunnel {
 public:
  virtual ~SpdyTunnel() = default;
  virtual spdy::Session& session() = 0;
  // Sends what the session has to say, as far as the client takes it; the rest follows by itself. To be called after
  // calls to session() outside of its events.
  virtual void flush() = 0;
  // Stops or goes on taking bytes from the client, of all streams: for handlers that hold too much already.
  virtual void set_reading(bool wanted) = 0;
  virtual void close() = 0;
};

struct SpdyTunnelOptions {
  std::string protocol;          // the WebSocket subprotocol that the client must ask for
  spdy::SessionOptions session;  // without flow control for kubectl: see there
};

// Null when the request cannot be served; it is answered then. `make_events` is called once, before anything arrives;
// the tunnel outlives the events. `on_close` runs once, when the WebSocket is closed: every stream is gone then.
std::shared_ptr<SpdyTunnel> accept_spdy_tunnel(const Request& request, Responder& responder, SpdyTunnelOptions options,
                                               const std::function<spdy::SessionEvents(SpdyTunnel&)>& make_events,
                                               std::function<void()> on_close);

}  // namespace slipway::net
