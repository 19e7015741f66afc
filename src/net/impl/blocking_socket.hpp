#pragma once
// BlockingSocket: a TCP connection, with TLS or without, for threads that have nothing else to do: plain sockets and
// poll(). Every wait ends at a deadline.

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/world/descriptor.hpp"
#include "net/impl/tls.hpp"
#include "net/impl/url.hpp"

struct addrinfo;

namespace slipway::net {

class BlockingSocket {
 public:
  using Deadline = std::optional<core::Instant>;  // none: never

  // unavailable; deadline_exceeded without a message: the caller knows what it was waiting for.
  core::Result<> connect(const Url& url, Deadline deadline);
  // After connect(). Errors: see TlsEngine::handshake().
  core::Result<> start_tls(std::shared_ptr<const TlsContext> context, const Url& url, Deadline deadline);
  // Ends early, without an error, when the peer closes meanwhile, or speaks and we are to give way to it: what it says
  // is to be read.
  core::Result<> send(std::string_view bytes, Deadline deadline, bool gives_way = true);

  enum class Got { bytes, end, timed_out, interrupted };  // interrupted: a signal came
  struct Received {
    Got got;
    std::size_t size = 0;
  };
  core::Result<Received> receive(std::span<char> into, Deadline deadline);

 private:
  int connect_to(const addrinfo& address, Deadline deadline);
  core::Result<bool> send_wire(std::string_view bytes, Deadline deadline, bool gives_way = true);
  bool hears_answer();
  core::Result<Received> receive_wire(std::span<char> into, Deadline deadline);

  core::Descriptor socket_;
  std::unique_ptr<TlsEngine> tls_;
};

}  // namespace slipway::net
