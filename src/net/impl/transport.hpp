#pragma once
// Transport: a TCP connection on the network thread that may speak TLS; its users do not see which. Asio's conventions:
// one read and one write under way at a time, handlers run on the network thread, later than the call.

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/impl/io_thread.hpp"
#include "net/impl/tls.hpp"

namespace slipway::net {

class Transport : public std::enable_shared_from_this<Transport> {
 public:
  using Handler = std::move_only_function<void(const boost::system::error_code&, std::size_t)>;
  using Done = std::move_only_function<void(const boost::system::error_code&)>;

  explicit Transport(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  // Once, on a connected socket, before anything is read or written.
  void start_tls(std::shared_ptr<const TlsContext> context, const std::string& host, Done done);

  // The buffer must live until the handler runs. TLS that ends without saying so is stream_truncated, not eof.
  void async_read_some(std::span<char> into, Handler handler);
  // The bytes must live until the handler runs; it may have taken a part of them.
  void async_write_some(std::string_view bytes, Handler handler);
  // For a server whose client speaks plain HTTP: from now on it hears plain text, too. Nothing else was written before.
  void give_up_tls() { engine_.reset(); }
  // No more will be written; what is under way still goes out.
  void finish_sending();
  // What is under way ends with operation_aborted.
  void close();

  asio::ip::tcp::socket& socket() { return socket_; }
  // Idle: it is open, and the peer has said nothing.
  bool is_quiet();
  TlsIdentity identity() const { return engine_ ? engine_->identity() : TlsIdentity(); }
  // Why TLS failed, when a handler got an error because of it.
  const std::optional<Error>& tls_failure() const { return tls_failure_; }
  std::string reason_of(const boost::system::error_code& error) const;

 private:
  void shake_hands(Done done);
  void read_tls(std::span<char> into, Handler handler);
  void read_wire(std::move_only_function<void(const boost::system::error_code&)> then);
  void send_wire();
  boost::system::error_code fail_tls(Error why);
  void post(Handler handler, const boost::system::error_code& error, std::size_t size);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsEngine> engine_;
  std::optional<Error> tls_failure_;
  std::vector<char> wire_in_;
  std::string wire_out_;       // being sent
  bool is_sending_ = false;    // wire_out_
  bool is_finishing_ = false;  // the sending side closes when all is sent
  Handler after_sending_;      // the write under way
  std::size_t taken_ = 0;      // bytes of that write
};

}  // namespace slipway::net
