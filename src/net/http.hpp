#pragma once
// An HTTP/1.1 server for the control plane's faces: routes, limits, streaming answers, server-sent events. The data
// plane has its own engine (gateway/proxy).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::net {

// The event loop of one network thread.
class IoThread {
 public:
  IoThread();
  ~IoThread();  // stops and joins
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Who is calling, as the guard established it: set by the router's guard only, removed from what a client sends.
inline constexpr std::string_view principal_header = "x-slipway-principal";
inline constexpr std::string_view roles_header = "x-slipway-roles";      // comma-separated
inline constexpr std::string_view account_header = "x-slipway-account";  // of a service account's token: JSON
// A client's own name for one request to create something: sent again after a lost answer, it makes nothing new.
// draft-ietf-httpapi-idempotency-key-header.
inline constexpr std::string_view idempotency_header = "idempotency-key";

struct Request {
  std::string method;                                      // "GET"
  std::string target;                                      // as sent: "/api/v1/pods?limit=5"
  std::string path;                                        // decoded: "/api/v1/pods"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  core::Headers headers;
  std::string body;       // whole; empty when it was spooled
  std::string body_file;  // path of a temporary file when the body was larger than 1 MiB; removed after the exchange
  std::string remote;     // "127.0.0.1:53122"
  std::vector<std::string> parameters;  // what the route's {names} matched, in order
  // What the client's certificate says, verified by ServerTls::client_ca_file; empty when there was none.
  std::string client_subject;                     // CN
  std::vector<std::string> client_organizations;  // O

  std::string_view header(std::string_view name) const { return core::header(headers, name); }
  // The first value of a query parameter, or "".
  std::string_view parameter(std::string_view name) const;
  bool has_parameter(std::string_view name) const;
  // The body from memory or file.
  core::Result<std::string> read_body() const;
};

struct Response {
  int status = 200;
  core::Headers headers;  // Content-Length and Date are added
  std::string body;

  static Response json(int status, const core::doc::Value& value);
  static Response text(int status, std::string text);
};

class Upgraded;  // net/impl/upgraded.hpp

// How a handler answers, at once or later, from any thread. Destroyed without an answer: 500 is sent.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void send(Response response) = 0;
  // A streamed answer: begin, write any number of times, end. write() returns false when the client is gone or more
  // than 1 MiB waits for it unread (a slow client is cut off, never buffered without bound).
  virtual void begin(int status, core::Headers headers) = 0;
  virtual bool write(std::string_view bytes) = 0;
  // Much waits (256 KiB): a producer that can pause does so until when_writable() calls it, and is never cut off.
  virtual bool is_full() const { return false; }
  // Once, as soon as the stream is not full; never when the client goes away.
  virtual void when_writable(std::function<void()> callback) { callback(); }
  virtual void end() = 0;
  virtual bool is_open() const = 0;
  // Runs when the client goes away before the end. Set at most once.
  virtual void on_close(std::function<void()> callback) = 0;
  // Answers 101 with these headers and hands the connection over: see net/websocket.hpp, which is what to call. False,
  // and nothing happens, when this way of answering has no connection that could change its protocol.
  virtual bool upgrade(core::Headers, std::shared_ptr<Upgraded>) { return false; }
};
using Handler = std::function<void(Request, std::shared_ptr<Responder>)>;

struct RouteOptions {
  std::size_t max_body = 3 * 1024 * 1024;  // 413 beyond; spooled to a file above 1 MiB
  bool public_ = false;                    // reachable without credentials
};

// Not thread-safe; fill it before the server starts. Patterns are "/a/{name}/b" and end in "/{rest...}" to match the
// rest of a path. The most specific pattern wins; a known path with another method answers 405 with Allow.
class Router {
 public:
  Router();
  ~Router();
  void add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options = {});
  // Wraps every handler whose route is not public_: authentication, audit. Returns false when it answered itself.
  using Guard = std::function<bool(Request&, Responder&)>;
  void set_guard(Guard guard);

 private:
  friend class Server;
  struct State;
  std::shared_ptr<State> state_;
};

// TLS 1.2 or later. Files are PEM, read once when the server starts.
struct ServerTls {
  std::string certificate_file;  // with the rest of its chain
  std::string key_file;
  // Who may sign certificates of clients. A client need not have one, but one that is not signed by these, or is out of
  // date, ends the handshake. Empty: clients are not asked.
  std::string client_ca_file;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  int port = 0;                 // 0: a free one
  std::string spool_directory;  // for large bodies
  // When set, handlers run here (the control loop); otherwise on the network thread.
  core::Loop* loop = nullptr;
  // Names that a Host header may carry besides loopback addresses and localhost (DNS rebinding is refused with 421).
  // "*" is any: for servers behind a gateway, which see the users' own Host and hold nothing a browser could be used
  // for.
  std::vector<std::string> allowed_hosts;
  core::Duration header_timeout = std::chrono::seconds(10);  // from a request's first byte to the end of its head
  core::Duration idle_timeout = std::chrono::seconds(60);    // between requests, and between bytes of a body or answer
  std::optional<ServerTls> tls;                              // none: plain HTTP
  std::size_t max_connections = 2000;                        // at once; more are closed as soon as they are accepted
};

class Server {
 public:
  // unavailable when the port is taken: the message names it. What is wrong with a certificate or key names the file.
  static core::Result<std::unique_ptr<Server>> start(IoThread& io, Router& router, ServerOptions options);
  ~Server();  // stops accepting, closes connections
  int port() const;

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// The error as the body that each face's clients expect is the face's business; this one is Slipway's own:
// {"error":{"code":"not_found","message":"...","hint":"...","status":404}}.
Response error_response(const core::Error& error);

std::string url_encode(std::string_view text);
core::Result<std::string> url_decode(std::string_view text);

// "data: ...\n\n", with event and id lines when not empty.
std::string server_sent_event(std::string_view event, std::string_view data, std::string_view id = {});

}  // namespace slipway::net
