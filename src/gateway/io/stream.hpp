#pragma once
// Stream: one TCP connection, with a deadline; Listener; connect(). Loop thread only, like everything in io/.

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "gateway/io/loop.hpp"

namespace slipway::gateway::io {

class Stream {
 public:
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  ~Stream();  // closes; no operation may be pending

  // Appends at most `limit` bytes to `into`, which outlives the call. 0: the peer will send no more.
  // unavailable: reset; cancelled: cancel() or close(); deadline_exceeded: the deadline passed.
  Co<Result<std::size_t>> read(std::string& into, std::size_t limit);
  // All of `bytes`, which outlive the call.
  Co<Result<>> write(std::string_view bytes);

  // When it passes, the connection is closed and what is pending ends with deadline_exceeded. Cheap to move.
  void expires_after(core::Duration duration);
  void expires_at(core::Instant instant);
  void never_expires();
  bool has_expired() const;

  void cancel();          // pending operations end with cancelled; the connection stays
  void shutdown_write();  // FIN after what was written
  void close();           // at once; pending operations end
  bool is_open() const;
  // For a connection that waited in a pool: open, and the peer has sent neither bytes nor an end.
  bool is_quiet() const;
  std::string remote_address() const;  // "127.0.0.1", without the port

 private:
  std::unique_ptr<Impl> impl_;
};

class Listener {
 public:
  // unavailable when the port is taken: the message names it. Port 0: a free one.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const std::string& address, int port);
  ~Listener();
  int port() const;
  Co<Result<std::unique_ptr<Stream>>> accept();  // cancelled after close()
  void close();

  struct Impl;

 private:
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// `address` is an IPv4 or IPv6 literal, or "localhost". unavailable or deadline_exceeded.
Co<Result<std::unique_ptr<Stream>>> connect(Loop& loop, std::string address, int port, core::Duration timeout);

// "127.0.0.1:8080" or "[::1]:8080" or ":8080" (loopback).
struct HostPort {
  std::string host;
  int port = 0;
};
Result<HostPort> parse_host_port(std::string_view text);
// "http://host:port/path" -> host, port (80) and the path ("/" at least).
struct HttpUrl {
  HostPort at;
  std::string target;
  std::string authority;  // for the Host header
};
Result<HttpUrl> parse_http_url(std::string_view url);
bool is_loopback(std::string_view host);

}  // namespace slipway::gateway::io
