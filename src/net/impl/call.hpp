#pragma once
// Call: one request of the asynchronous client, from connecting to the last byte; and the idle connections that the
// next one may use. On the network thread.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "net/impl/io_thread.hpp"
#include "net/impl/parser.hpp"
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

  // One that is still open and has nothing to read, if any.
  std::optional<asio::ip::tcp::socket> take(const std::string& authority);
  // Closes what is too old or too much.
  void put(const std::string& authority, asio::ip::tcp::socket socket, Instant now);
  void clear() { idle_.clear(); }
  std::size_t size() const { return idle_.size(); }

 private:
  struct Idle {
    std::string authority;
    asio::ip::tcp::socket socket;
    Instant since;
  };
  std::list<Idle> idle_;  // youngest first
};

// What the calls of one client share.
struct CallContext {
  asio::io_context& io;
  ConnectionPool pool = {};
  std::set<std::shared_ptr<Call>> calls = {};
  bool is_stopped = false;
};

class Call : public std::enable_shared_from_this<Call> {
 public:
  using Done = std::move_only_function<void(core::Result<core::HttpResponse>)>;
  Call(std::shared_ptr<CallContext> context, core::HttpRequest request, Done done);

  void start();
  void drop();  // closes; `done` is not called

 private:
  void connect();
  void resolve();
  void connect_to(std::vector<asio::ip::tcp::endpoint> endpoints);
  void use_socket(bool is_reused);
  void write();
  void read();
  void on_read(std::size_t size);
  void on_broken(const boost::system::error_code& error);
  void on_end_of_stream();
  bool try_again();
  void succeed();
  void fail_with(Error why);
  void finish(core::Result<core::HttpResponse> result);
  std::string where() const { return request_.method + " " + request_.url; }

  std::shared_ptr<CallContext> context_;
  core::HttpRequest request_;
  Done done_;
  Url url_;
  asio::steady_timer deadline_;
  asio::ip::tcp::resolver resolver_;
  asio::ip::tcp::socket socket_;
  bool is_reused_ = false;  // the connection served a request before
  bool is_finished_ = false;
  bool is_written_ = false;
  bool has_received_ = false;
  std::string out_;
  std::array<char, 16 * 1024> buffer_;
  std::optional<ResponseParser> parser_;
  std::string body_;
};

}  // namespace slipway::net
