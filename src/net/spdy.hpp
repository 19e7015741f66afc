#pragma once
// One end of a SPDY/3.1 session over any transport of bytes: what kubectl's port-forward speaks inside a WebSocket
// (subprotocol SPDY/3.1+portforward.k8s.io). Pure: no sockets, no threads, no clock; not thread-safe. The owner feeds
// what arrives to receive(), and after every call sends what take_output() hands out.
// Protocol: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/world/world.hpp"

namespace slipway::net::spdy {

using StreamId = std::uint32_t;  // 31 bits, never 0; odd ones are the client's

// Why a stream was reset (section 2.6.3).
enum class Status : std::uint32_t {
  protocol_error = 1,
  invalid_stream = 2,
  refused_stream = 3,
  cancel = 5,
  internal_error = 6,
  flow_control_error = 7,
  stream_already_closed = 9,
};

enum class Side { server, client };

struct SessionOptions {
  Side side = Side::server;
  // Off for peers that speak SPDY without windows: Go's spdystream, and so kubectl, never sends WINDOW_UPDATE, and a
  // sender that waits for one stops after 64 KiB for ever. Off: nothing limits what we send but max_output, what comes
  // is not counted, and who reads too slowly must stop feeding receive().
  bool has_flow_control = true;
  std::size_t max_streams = 256;        // of the peer's at once; more are refused
  std::size_t max_pending = 64 * 1024;  // bytes a stream may hold back while its window is closed
  std::size_t max_output = 256 * 1024;  // of data that wait in take_output(); beyond, streams hold theirs back
};

// Called inside receive() and take_output(). They may call the session, even for the stream they tell of, but not
// destroy it. Any may be empty.
struct SessionEvents {
  // The peer opened a stream: reply() or reset() it. `is_last`: it will send no data.
  std::function<void(StreamId, const core::Headers&, bool is_last)> on_stream;
  std::function<void(StreamId, const core::Headers&)> on_reply;    // to open()
  std::function<void(StreamId, const core::Headers&)> on_headers;  // more of them
  // With flow control, consumed() must follow, else the peer stops.
  std::function<void(StreamId, std::string_view)> on_data;
  std::function<void(StreamId)> on_end;               // the peer sends no more on it
  std::function<void(StreamId, Status)> on_reset;     // by the peer, or because it broke the rules; the stream is gone
  std::function<void(StreamId)> on_writable;          // send() took less than all, and now takes more
  std::function<void(StreamId last_good)> on_goaway;  // the peer takes no more streams
};

class Session {
 public:
  static constexpr std::uint32_t initial_window = 64 * 1024;  // of each stream and of the session

  Session(SessionOptions options, SessionEvents events);
  ~Session();

  // invalid_argument: the peer does not speak SPDY/3, or broke it so that the session cannot go on. Then take_output()
  // holds a GOAWAY, every later call does nothing, and the transport is to be closed. resource_exhausted: the peer
  // makes us answer more than it reads; the same.
  core::Result<> receive(std::string_view bytes);
  // Bytes for the peer, in order; empty when there is nothing to send now. Handing them out makes room, and streams
  // fill it: call it only while the transport has room, and again when it has room once more.
  std::string take_output();

  // failed_precondition when the peer takes no more streams.
  core::Result<StreamId> open(const core::Headers& headers);
  void reply(StreamId stream, const core::Headers& headers = {});
  // Takes from the front of `bytes` what windows and buffers admit and returns how much; 0 also when the stream is gone
  // or ended.
  std::size_t send(StreamId stream, std::string_view bytes);
  // We send no more on it, once what send() took is out.
  void end(StreamId stream);
  void reset(StreamId stream, Status status);
  // The data of on_data are out of the way: the peer may send as many more. Also for streams that are gone: what they
  // brought counts against the session.
  void consumed(StreamId stream, std::size_t bytes);
  void ping();
  void go_away();  // we take no more streams

  bool is_open(StreamId stream) const;  // either side may still send
  bool can_send(StreamId stream) const;
  std::size_t stream_count() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::net::spdy
