#pragma once
// Wire: how a Kubernetes store reaches the outside: calls that block the thread of the control loop until they are
// answered, and streams whose pieces arrive on it. Real: make_wire. Tests script one. Inside of objects.
//
// Thread: the control loop only.

#include <memory>

#include "core/world/world.hpp"
#include "net/stream_client.hpp"

namespace slipway::objects::kubernetes {

// What came of one attempt.
struct Attempt {
  Result<core::HttpResponse> response;
  bool may_have_arrived = true;  // false: not a byte of the request was sent
};

// The beginning of a stream.
struct Peek {
  int status = 0;
  std::string bytes;  // of a status other than 200: the whole body
};

class Wire {
 public:
  virtual ~Wire() = default;
  // Blocks for at most the request's timeout.
  virtual Attempt call(core::HttpRequest request) = 0;
  // Blocks until the head is there and then the first bytes, or `patience` has passed without any.
  virtual Result<Peek> peek(core::HttpRequest request, Duration patience) = 0;
  virtual Result<core::RunOutput> run(core::RunRequest request) = 0;  // blocks until the command ended
  virtual void pause(Duration duration) = 0;                          // blocks
  virtual std::unique_ptr<net::StreamHandle> open(core::HttpRequest request, net::StreamOptions options,
                                                  net::StreamEvents events) = 0;  // events on the control loop
};

// `io` and `loop` outlive it.
std::unique_ptr<Wire> make_wire(net::IoThread& io, core::Loop& loop);

}  // namespace slipway::objects::kubernetes
