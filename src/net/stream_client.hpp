#pragma once
// The client for answers that go on: watches, logs. Head and body arrive in pieces on the loop. For answers that are
// wanted whole: net/client.hpp.

#include <functional>
#include <memory>
#include <string_view>

#include "core/world/world.hpp"
#include "net/http.hpp"

namespace slipway::net {

struct StreamOptions {
  // Between two pieces of the body, while we are willing to read: deadline_exceeded beyond. Zero: they may take
  // forever.
  core::Duration idle_timeout = std::chrono::seconds(0);
  // Bytes that may wait for the loop; beyond (by one read of at most 16 KiB) the socket is not read, and the server has
  // to wait.
  std::size_t max_unread = 256 * 1024;
};

// All on the loop, in this order, any of them may be empty. A callback may destroy its own handle.
struct StreamEvents {
  std::function<void(int status, const core::Headers& headers)> on_head;
  std::function<void(std::string_view bytes)> on_body;
  // Once: the body is complete, or why not: see core::HttpClient; also when there never was a head.
  std::function<void(core::Result<> result)> on_end;
};

// Destroying it cancels the request and lets nothing more arrive. On the loop's thread.
class StreamHandle {
 public:
  virtual ~StreamHandle() = default;
};

class StreamClient {
 public:
  virtual ~StreamClient() = default;
  // The request's timeout counts until the head is there; max_response does not count.
  virtual std::unique_ptr<StreamHandle> open(core::HttpRequest request, StreamOptions options, StreamEvents events) = 0;
};

// Use and destroy it on the loop's thread, before `io` and `loop`; what is under way is then dropped without on_end.
// Handles may outlive it, not the loop.
std::unique_ptr<StreamClient> make_stream_client(IoThread& io, core::Loop& loop);

}  // namespace slipway::net
