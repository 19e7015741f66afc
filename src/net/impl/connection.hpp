#pragma once
// Connection: one client of the server: reads requests one at a time, has them handled, writes the answers. All of
// it on the network thread.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "net/http.hpp"
#include "net/impl/exchange.hpp"
#include "net/impl/io_thread.hpp"
#include "net/impl/parser.hpp"
#include "net/impl/router.hpp"
#include "net/impl/spool.hpp"
#include "net/impl/transport.hpp"
#include "net/impl/upgraded.hpp"
#include "net/impl/url.hpp"

namespace slipway::net {

// What the connections of one server share.
struct ServerContext {
  ServerOptions options;
  std::shared_ptr<const void> router;  // keeps the two references
  const RouteTree& routes;
  const Router::Guard& guard;
  std::shared_ptr<IoPoster> poster;
  std::shared_ptr<const TlsContext> tls = nullptr;         // null: plain
  std::set<std::shared_ptr<Connection>> connections = {};  // open ones; on the network thread only
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerContext> context, asio::ip::tcp::socket socket);

  void start();
  void shut();  // closes without telling handlers: the server ends

  // From the responder. Calls for an exchange that is over are ignored.
  void answer(const Exchange& exchange, Response response);
  void begin(const Exchange& exchange, int status, const core::Headers& headers);
  void write(const Exchange& exchange, std::string_view bytes);
  void end(const Exchange& exchange);
  void abort(const Exchange& exchange);
  void set_on_close(const Exchange& exchange, std::function<void()> callback);
  void upgrade(const Exchange& exchange, const core::Headers& headers, std::shared_ptr<Upgraded> next);

  // From what the connection was handed to. Ignored when it is over.
  void send_upgraded(std::string_view bytes);  // the exchange's `unsent` has them already
  void read_upgraded(bool wanted);
  // on_silence() when nothing arrives for that long; `renews` false: after that long, whatever arrives.
  void expect_upgraded(core::Duration silence, bool renews = true);
  void end_upgraded();  // when all is sent
  void abort_upgraded() { close(); }

 private:
  enum class Stage {
    reading,    // a request, or waiting for one
    handling,   // its answer is being made
    upgraded,   // it belongs to upgraded_
    lingering,  // the last answer is out; waiting for the client to take it and close
    closed,
  };
  // The request being read.
  struct Incoming {
    Target target;
    RouteMatch match;
    std::optional<Response> verdict;  // what we answer ourselves: 404, 405
    BodySink body;
  };

  void on_handshake(const boost::system::error_code& error);
  void read();
  void on_read(std::size_t size);
  void on_upgraded_read(std::string_view bytes);
  void on_read_error(bool is_end_of_stream);
  void process();
  bool on_head();
  bool take_body();
  void dispatch();
  void hand_over(Request request);
  core::Result<Target> check_target(RequestHead& head);
  void choose_route(const RequestHead& head);
  void reject(const Error& why, int status);
  void next_request();

  void flush();
  void write_some();
  void on_flushed();
  void finish_exchange();
  void linger();
  void close();
  void client_left();
  void leave_upgraded();
  bool is_current(const Exchange& exchange) const { return exchange_.get() == &exchange && stage_ == Stage::handling; }

  void arm(asio::steady_timer& timer, core::Duration timeout);
  void on_timeout(const asio::steady_timer& timer);

  std::shared_ptr<ServerContext> context_;
  std::shared_ptr<Transport> transport_;
  TlsIdentity identity_;
  asio::steady_timer read_deadline_;
  asio::steady_timer write_deadline_;
  std::string remote_;
  Stage stage_ = Stage::reading;

  std::array<char, 16 * 1024> buffer_;
  bool is_reading_ = false;
  bool peer_sent_all_ = false;
  std::string in_;  // received, not yet parsed
  std::size_t discarded_ = 0;
  RequestParser parser_;
  std::string body_part_;
  std::optional<Incoming> incoming_;

  std::shared_ptr<Exchange> exchange_;  // being handled
  std::function<void()> on_close_;
  bool is_head_request_ = false;
  bool is_http10_ = false;
  bool keep_alive_ = false;
  bool has_begun_ = false;  // a streamed answer
  bool is_chunked_ = false;
  bool is_finished_ = false;  // the answer is complete but for the writing

  std::shared_ptr<Upgraded> upgraded_;
  bool is_upgraded_read_ = true;  // else it is to stay unread
  core::Duration upgraded_silence_{};

  std::string out_;  // to be written
  std::string being_written_;
  std::size_t written_ = 0;          // of being_written_
  std::size_t streamed_in_out_ = 0;  // bytes that count as unsent
  std::size_t streamed_in_writing_ = 0;
  bool is_writing_ = false;
};

}  // namespace slipway::net
