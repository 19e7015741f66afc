#pragma once
// The inside of Session: its streams and windows. session.cpp has what we say, session_receive.cpp what we hear. What
// each call means: net/spdy.hpp.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "net/spdy.hpp"
#include "net/spdy/frames.hpp"

namespace slipway::net::spdy {

class Session::State {
 public:
  State(SessionOptions options, SessionEvents events)
      : options_(options),
        events_(std::move(events)),
        next_id_(options.side == Side::server ? 2 : 1),
        next_ping_(options.side == Side::server ? 2 : 1) {}

  core::Result<> receive(std::string_view bytes);
  std::string take_output();
  core::Result<StreamId> open(const core::Headers& headers);
  void reply(StreamId id, const core::Headers& headers);
  std::size_t send(StreamId id, std::string_view bytes);
  void end(StreamId id);
  void reset(StreamId id, Status status);
  void consumed(StreamId id, std::size_t bytes);
  void ping();
  void go_away();
  bool is_open(StreamId id) const { return streams_.contains(id); }
  bool can_send(StreamId id) const;
  std::size_t stream_count() const { return streams_.size(); }

 private:
  struct ReceiveWindow {
    std::int64_t left = initial_window;
    std::size_t owed = 0;  // consumed, and not yet told
  };
  struct Stream {
    std::int64_t send_window = initial_window;  // below 0 after SETTINGS made it smaller
    ReceiveWindow receive_window;
    std::string pending;
    bool may_send = false;   // we replied, or opened it
    bool is_ending = false;  // FIN follows what is pending
    bool has_ended = false;  // FIN is out, or the stream never had our direction
    bool peer_ended = false;
    bool wants_room = false;
  };

  Stream* find(StreamId id);
  bool is_of_peer(StreamId id) const { return id % 2 == (options_.side == Side::server ? 1 : 0); }
  void write(const Frame& frame) { output_ += encoder_.encode(frame); }
  void break_off(const std::string& why) { broken_ = Error(Code::invalid_argument, "SPDY: " + why); }
  void forget_if_over(StreamId id);

  // Data frames of one stream, as many as its window, the session's and the output's bound admit.
  void push(StreamId id, Stream& stream);
  // Every stream in turn, each time beginning after the one that was first the last time.
  void pump();
  void tell_writable();
  void give_back(StreamId id, ReceiveWindow& window, std::size_t bytes);
  void on_frame(SynStream& frame);
  void on_frame(SynReply& frame);
  void on_frame(MoreHeaders& frame);
  void on_frame(RstStream& frame);
  void on_frame(Settings& frame);
  void on_frame(Ping& frame);
  void on_frame(GoAway& frame);
  void on_frame(WindowUpdate& frame);
  void on_frame(Data& frame);
  void give_back_unread(std::size_t bytes);
  // The peer broke a rule of this stream only.
  void reject(StreamId id, Status status);
  void on_peer_end(StreamId id);
  // There is more room or window than before.
  void move_on();

  SessionOptions options_;
  SessionEvents events_;
  FrameDecoder decoder_;
  FrameEncoder encoder_;
  std::string output_;
  std::map<StreamId, Stream> streams_;
  StreamId next_id_;
  std::uint32_t next_ping_;
  StreamId last_of_peer_ = 0;
  StreamId last_served_ = 0;
  std::int64_t send_window_ = initial_window;
  std::int64_t peer_initial_window_ = initial_window;
  ReceiveWindow window_;
  bool we_go_away_ = false;
  bool peer_goes_away_ = false;
  bool is_dead_ = false;
  std::optional<Error> broken_;
};

}  // namespace slipway::net::spdy
