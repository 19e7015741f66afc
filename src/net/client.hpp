#pragma once
// The one HTTP client: asynchronous for the control loop (core::HttpClient), blocking for the CLI.

#include <functional>
#include <memory>

#include "core/world/world.hpp"
#include "net/http.hpp"

namespace slipway::net {

// Answers arrive on `loop`. Keeps connections alive per host and TLS settings. Use it and destroy it on the loop's
// thread, before `io` and `loop`; requests under way are then dropped unanswered. https: failed_precondition when the
// server's certificate is not trusted, unauthenticated when the server does not take ours.
std::unique_ptr<core::HttpClient> make_client(IoThread& io, core::Loop& loop);

// Blocks the calling thread. For the CLI.
core::Result<core::HttpResponse> fetch(core::HttpRequest request);
// Blocks; hands over the body as it arrives until `on_bytes` returns false or it ends. For server-sent events and
// logs. Returns the status; a body of an error status is handed over too. The timeout counts until the head is there.
// A signal that the program handles calls `on_bytes` with nothing, so that Ctrl-C can end a silent stream.
core::Result<int> fetch_stream(core::HttpRequest request, const std::function<bool(std::string_view)>& on_bytes);

}  // namespace slipway::net
