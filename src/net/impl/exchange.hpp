#pragma once
// Exchange: one request and its answer, as the handler's thread and the network thread share it; and the Responder
// over it.

#include <atomic>
#include <functional>
#include <memory>

#include "net/http.hpp"
#include "net/impl/io_thread.hpp"
#include "net/impl/spool.hpp"

namespace slipway::net {

class Connection;

struct Exchange {
  static constexpr std::size_t max_unsent = 1024 * 1024;
  static constexpr std::size_t full_at = 256 * 1024;

  std::shared_ptr<IoPoster> poster;
  core::Loop* loop = nullptr;  // where callbacks run; the network thread when null
  std::weak_ptr<Connection> connection;
  std::shared_ptr<SpoolFile> body_file;
  std::atomic<bool> is_open = true;
  std::atomic<std::size_t> unsent = 0;  // bytes of a stream that the socket has not taken
  bool client_left = false;             // before the end; on the network thread only
  std::function<void()> on_writable;    // on the network thread only

  void run_callback(std::function<void()> callback) const;
  void tell_when_writable();  // on the network thread
};

// Starts as "nothing sent"; what comes out of order is ignored. Dropped unused it answers 500, dropped in the middle
// of a stream it cuts the connection so that the client cannot take the part for the whole.
std::shared_ptr<Responder> make_responder(std::shared_ptr<Exchange> exchange);

}  // namespace slipway::net
