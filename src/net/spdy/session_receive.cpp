#include "net/spdy/session_state.hpp"

#include <vector>

namespace slipway::net::spdy {
namespace {

constexpr std::size_t max_answers = 1024 * 1024;  // output that the peer made us write and does not take
constexpr std::uint32_t goaway_protocol_error = 1;
constexpr std::int64_t max_window = 0x7fffffff;

}  // namespace

core::Result<> Session::State::receive(std::string_view bytes) {
  if (is_dead_) return fail(Code::invalid_argument, "SPDY: the session is over");
  auto fed = decoder_.feed(bytes, [this](Frame frame) {
    std::visit([this](auto& f) { on_frame(f); }, frame);
    if (output_.size() > options_.max_output + max_answers)
      broken_ = Error(Code::resource_exhausted, "SPDY: the peer makes us answer more than it reads");
    return !broken_;
  });
  if (!fed) broken_ = std::move(fed).error();
  if (!broken_) return {};
  is_dead_ = true;
  write(GoAway{last_of_peer_, goaway_protocol_error});
  streams_.clear();
  return fail(*broken_);
}

void Session::State::tell_writable() {
  std::vector<StreamId> ready;
  for (auto& [id, stream] : streams_) {
    if (stream.wants_room && stream.pending.size() <= options_.max_pending / 2) ready.push_back(id);
  }
  for (const StreamId id : ready) {
    Stream* stream = find(id);
    if (stream == nullptr) continue;
    stream->wants_room = false;
    if (events_.on_writable) events_.on_writable(id);
  }
}

void Session::State::on_frame(SynStream& frame) {
  if (we_go_away_) return;
  if (!is_of_peer(frame.stream) || frame.stream <= last_of_peer_) {
    return break_off("stream " + std::to_string(frame.stream) + " cannot be opened by the peer now");
  }
  last_of_peer_ = frame.stream;
  const auto of_peer =
      std::count_if(streams_.begin(), streams_.end(), [this](const auto& entry) { return is_of_peer(entry.first); });
  if (static_cast<std::size_t>(of_peer) >= options_.max_streams) {
    return write(RstStream{frame.stream, static_cast<std::uint32_t>(Status::refused_stream)});
  }
  Stream& stream = streams_[frame.stream];
  stream.send_window = peer_initial_window_;
  stream.peer_ended = frame.is_last;
  stream.has_ended = frame.is_unidirectional;
  if (events_.on_stream) {
    events_.on_stream(frame.stream, frame.headers, frame.is_last);
  } else {
    reset(frame.stream, Status::refused_stream);
  }
  forget_if_over(frame.stream);
}

void Session::State::on_frame(SynReply& frame) {
  if (find(frame.stream) == nullptr) return;
  if (is_of_peer(frame.stream)) return reject(frame.stream, Status::protocol_error);
  if (events_.on_reply) events_.on_reply(frame.stream, frame.headers);
  if (frame.is_last) on_peer_end(frame.stream);
}

void Session::State::on_frame(MoreHeaders& frame) {
  if (find(frame.stream) == nullptr) return;
  if (events_.on_headers) events_.on_headers(frame.stream, frame.headers);
  if (frame.is_last) on_peer_end(frame.stream);
}

void Session::State::on_frame(RstStream& frame) {
  if (streams_.erase(frame.stream) == 0) return;
  if (events_.on_reset) events_.on_reset(frame.stream, static_cast<Status>(frame.status));
}

void Session::State::on_frame(Settings& frame) {
  for (const Setting& entry : frame.entries) {
    if (entry.id != setting_initial_window) continue;
    if (entry.value > max_window) return break_off("an initial window is larger than 2^31 - 1");
    const std::int64_t change = static_cast<std::int64_t>(entry.value) - peer_initial_window_;
    peer_initial_window_ = entry.value;
    for (auto& [id, stream] : streams_) stream.send_window += change;
  }
  move_on();
}

void Session::State::on_frame(Ping& frame) {
  const bool is_mine = frame.id % 2 == next_ping_ % 2;
  if (!is_mine) write(frame);
}

void Session::State::on_frame(GoAway& frame) {
  peer_goes_away_ = true;
  if (events_.on_goaway) events_.on_goaway(frame.last_good);
}

void Session::State::on_frame(WindowUpdate& frame) {
  if (!options_.has_flow_control) return;
  if (frame.stream == 0) {
    send_window_ += frame.delta;
    if (send_window_ > max_window || frame.delta == 0) return break_off("the session's window cannot be that large");
  } else if (Stream* stream = find(frame.stream)) {
    stream->send_window += frame.delta;
    if (stream->send_window > max_window || frame.delta == 0) return reject(frame.stream, Status::flow_control_error);
  }
  move_on();
}

void Session::State::on_frame(Data& frame) {
  Stream* stream = find(frame.stream);
  const auto size = static_cast<std::int64_t>(frame.bytes.size());
  if (options_.has_flow_control) {
    window_.left -= size;
    if (window_.left < 0) return break_off("the peer sends more than the session's window");
  }
  if (stream == nullptr) {
    give_back_unread(frame.bytes.size());
    const bool is_old = is_of_peer(frame.stream) ? frame.stream <= last_of_peer_ : frame.stream < next_id_;
    if (!is_old) write(RstStream{frame.stream, static_cast<std::uint32_t>(Status::invalid_stream)});
    return;
  }
  if (stream->peer_ended) {
    give_back_unread(frame.bytes.size());
    return reject(frame.stream, Status::stream_already_closed);
  }
  if (options_.has_flow_control) {
    stream->receive_window.left -= size;
    if (stream->receive_window.left < 0) {
      give_back_unread(frame.bytes.size());
      return reject(frame.stream, Status::flow_control_error);
    }
  }
  if (!frame.bytes.empty() && events_.on_data) events_.on_data(frame.stream, frame.bytes);
  if (frame.is_last) on_peer_end(frame.stream);
}

void Session::State::give_back_unread(std::size_t bytes) {
  if (options_.has_flow_control) give_back(0, window_, bytes);
}

void Session::State::reject(StreamId id, Status status) {
  reset(id, status);
  if (events_.on_reset) events_.on_reset(id, status);
}

void Session::State::on_peer_end(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->peer_ended) return;
  stream->peer_ended = true;
  if (events_.on_end) events_.on_end(id);
  forget_if_over(id);
}

void Session::State::move_on() {
  pump();
  tell_writable();
}

}  // namespace slipway::net::spdy
