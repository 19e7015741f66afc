#pragma once
// TLS 1.2 and 1.3 without sockets: bytes of the wire in, bytes for the wire out. The blocking client, the asynchronous
// one and the server carry them each in its own way. OpenSSL stays in tls.cpp.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/world/world.hpp"
#include "net/http.hpp"

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

namespace slipway::net {

// Certificates and rules; immutable, shared by many connections, safe from any thread.
class TlsContext {
 public:
  // invalid_argument or the file's own error, naming which part of the settings it is.
  static core::Result<std::shared_ptr<const TlsContext>> for_client(const core::TlsSettings& settings);
  // Errors name the file.
  static core::Result<std::shared_ptr<const TlsContext>> for_server(const ServerTls& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }
  std::uint64_t id() const { return id_; }  // of this process, never used twice
  bool is_server() const { return is_server_; }
  bool verifies() const { return verifies_; }
  const std::string& server_name() const { return server_name_; }

 private:
  TlsContext(ssl_ctx_st* context, bool is_server);
  core::Result<> use_certificate(const std::string& chain, const std::string& key);
  core::Result<> trust(const std::string& authorities);

  ssl_ctx_st* context_;
  std::uint64_t id_;
  bool is_server_;
  bool verifies_ = true;
  std::string server_name_;
};

// What a verified client certificate says; empty when there was none.
struct TlsIdentity {
  std::string common_name;
  std::vector<std::string> organizations;
};

// One connection. Not thread-safe. After an error only take_output() makes sense: it may hold an alert for the peer.
class TlsEngine {
 public:
  // `host` is whom a client means to call: its name or address; a server ignores it.
  TlsEngine(std::shared_ptr<const TlsContext> context, const std::string& host);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  void receive(std::string_view wire_bytes);
  std::string take_output();  // to be sent now

  // True when the handshake is over, false when it needs more of the peer. failed_precondition: the peer's certificate
  // is not trusted; unauthenticated: the peer does not take ours; invalid_argument: a client speaks plain HTTP to our
  // server; unavailable: anything else.
  core::Result<bool> handshake();
  enum class Got { bytes, nothing_yet, end };  // end: the peer said that it sends no more
  struct Read {
    Got got = Got::nothing_yet;
    std::size_t size = 0;
  };
  core::Result<Read> read(std::span<char> into);
  bool is_readable();                            // read() would not say "nothing yet"
  core::Result<> write(std::string_view bytes);  // after the handshake
  void finish();                                 // tells the peer that we send no more
  TlsIdentity identity() const;

 private:
  Error failure() const;

  std::shared_ptr<const TlsContext> context_;
  ssl_st* ssl_;
  bio_st* in_;   // owned by ssl_
  bio_st* out_;  // owned by ssl_
};

}  // namespace slipway::net
