#pragma once
// Call: one request of the asynchronous client, from connecting to the last byte; and the idle connections that the
// next one may use. On the network thread.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "net/impl/io_thread.hpp"
#include "net/impl/parser.hpp"
#include "net/impl/transport.hpp"
#include "net/impl/url.hpp"

namespace slipway::net {

class Call;

// Connections that a server keeps open for us. Bounded in all, because most servers we call (a Pod's probes) are gone
// one day without anybody asking for their connection again.
class ConnectionPool {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_idle_per_host = 8;
  static constexpr std::size_t max_idle = 64;
  static constexpr std::chrono::seconds max_age{60};

  // One that is still open and has nothing to read, or null. `peer` says whom it reaches and how: see Call::peer().
  std::shared_ptr<Transport> take(const std::string& peer);
  // Closes what is too old or too much.
  void put(const std::string& peer, std::shared_ptr<Transport> transport, Instant now);
  void clear() { idle_.clear(); }
  std::size_t size() const { return idle_.size(); }

 private:
  struct Idle {
    std::string peer;
    std::shared_ptr<Transport> transport;
    Instant since;
  };
  std::list<Idle> idle_;  // youngest first
};

// The TLS contexts of the settings that were used lately: making one parses certificates.
class TlsContexts {
 public:
  static constexpr std::size_t max_contexts = 32;
  core::Result<std::shared_ptr<const TlsContext>> get(const core::TlsSettings& settings);

 private:
  std::map<core::TlsSettings, std::shared_ptr<const TlsContext>> contexts_;
};

// What the calls of one client share.
struct CallContext {
  asio::io_context& io;
  ConnectionPool pool = {};
  TlsContexts tls = {};
  std::set<std::shared_ptr<Call>> calls = {};
  bool is_stopped = false;
};

void stop_calls(CallContext& context);  // drops all, takes no more

// Who hears the answer.
class CallReceiver {
 public:
  virtual ~CallReceiver() = default;
  virtual void on_head(Call& call, int status, core::Headers headers) = 0;
  // An error ends the call with it.
  virtual core::Result<> on_body(Call& call, std::string_view bytes) = 0;
  virtual void on_done(core::Result<> result) = 0;  // the last call, unless the Call is dropped
};

class Call : public std::enable_shared_from_this<Call> {
 public:
  // `idle_timeout`: none: the request's timeout is for the whole exchange; else that one counts until the head is
  // there, and this one between the bytes of the body (zero: they may take forever).
  Call(std::shared_ptr<CallContext> context, core::HttpRequest request, std::optional<core::Duration> idle_timeout,
       std::shared_ptr<CallReceiver> receiver);

  void start();
  void drop();  // closes; the receiver hears no more
  // Stops and goes on reading from the socket; while it is paused no time runs out.
  void pause();
  void resume();
  std::string where() const { return request_.method + " " + request_.url; }
  const core::HttpRequest& request() const { return request_; }

 private:
  core::Result<> prepare();
  void connect();
  void resolve();
  void connect_to(std::vector<asio::ip::tcp::endpoint> endpoints);
  void start_tls();
  void use_transport(bool is_reused);
  void write();
  void write_some();
  void read();
  void on_read(std::size_t size);
  void tell_head();
  void on_broken(const boost::system::error_code& error);
  void on_end_of_stream();
  bool try_again();
  void succeed();
  void fail_with(Error why);
  void finish(core::Result<> result);
  void expect_within(core::Duration timeout);
  void on_timeout();

  std::shared_ptr<CallContext> context_;
  core::HttpRequest request_;
  std::optional<core::Duration> idle_timeout_;
  std::shared_ptr<CallReceiver> receiver_;
  Url url_;
  std::shared_ptr<const TlsContext> tls_;  // null: plain
  std::string peer_;                       // the pool's word for where this goes
  asio::steady_timer deadline_;
  asio::ip::tcp::resolver resolver_;
  std::shared_ptr<Transport> transport_;
  bool is_reused_ = false;  // the connection served a request before
  bool is_finished_ = false;
  bool is_written_ = false;
  bool has_received_ = false;
  bool has_told_head_ = false;
  bool is_paused_ = false;
  bool is_reading_ = false;
  std::string out_;
  std::size_t written_ = 0;
  std::array<char, 16 * 1024> buffer_;
  std::optional<ResponseParser> parser_;
  std::optional<Error> refusal_;  // of the receiver
};

}  // namespace slipway::net
