#include "net/spdy/session_state.hpp"

#include <vector>

namespace slipway::net::spdy {
namespace {

constexpr std::size_t max_data_frame = 16 * 1024;

}  // namespace

std::string Session::State::take_output() {
  pump();
  std::string taken = std::exchange(output_, {});
  if (!taken.empty()) move_on();
  return taken;
}

core::Result<StreamId> Session::State::open(const core::Headers& headers) {
  if (is_dead_ || peer_goes_away_) return fail(Code::failed_precondition, "SPDY: the peer takes no more streams");
  const StreamId id = next_id_;
  next_id_ += 2;
  SynStream frame;
  frame.stream = id;
  frame.headers = headers;
  write(frame);
  Stream& stream = streams_[id];
  stream.send_window = peer_initial_window_;
  stream.may_send = true;
  return id;
}

void Session::State::reply(StreamId id, const core::Headers& headers) {
  Stream* stream = find(id);
  if (stream == nullptr || !is_of_peer(id) || stream->may_send || stream->has_ended) return;
  write(SynReply{id, false, headers});
  stream->may_send = true;
}

std::size_t Session::State::send(StreamId id, std::string_view bytes) {
  Stream* stream = find(id);
  if (stream == nullptr || !stream->may_send || stream->is_ending) return 0;
  const std::size_t room = options_.max_pending - std::min(options_.max_pending, stream->pending.size());
  const std::size_t taken = std::min(room, bytes.size());
  stream->pending += bytes.substr(0, taken);
  if (taken < bytes.size()) stream->wants_room = true;
  push(id, *stream);
  return taken;
}

void Session::State::end(StreamId id) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->is_ending || stream->has_ended) return;
  if (!stream->may_send) reply(id, {});
  if (stream = find(id); stream == nullptr || stream->has_ended) return;
  stream->is_ending = true;
  push(id, *stream);
}

void Session::State::reset(StreamId id, Status status) {
  if (find(id) == nullptr) return;
  write(RstStream{id, static_cast<std::uint32_t>(status)});
  streams_.erase(id);
}

void Session::State::consumed(StreamId id, std::size_t bytes) {
  if (!options_.has_flow_control || is_dead_) return;
  give_back(0, window_, bytes);
  if (Stream* stream = find(id); stream != nullptr && !stream->peer_ended) give_back(id, stream->receive_window, bytes);
}

void Session::State::ping() {
  if (is_dead_) return;
  write(Ping{next_ping_});
  next_ping_ += 2;
}

void Session::State::go_away() {
  if (is_dead_) return;
  we_go_away_ = true;
  write(GoAway{last_of_peer_, 0});
}

bool Session::State::can_send(StreamId id) const {
  const auto found = streams_.find(id);
  return found != streams_.end() && found->second.may_send && !found->second.is_ending;
}

Session::State::Stream* Session::State::find(StreamId id) {
  const auto found = streams_.find(id);
  return found != streams_.end() ? &found->second : nullptr;
}

void Session::State::forget_if_over(StreamId id) {
  const Stream* stream = find(id);
  if (stream != nullptr && stream->has_ended && stream->peer_ended) streams_.erase(id);
}

void Session::State::push(StreamId id, Stream& stream) {
  while (!stream.pending.empty() && output_.size() < options_.max_output) {
    std::size_t size = std::min(stream.pending.size(), max_data_frame);
    if (options_.has_flow_control) {
      const std::int64_t window = std::min(stream.send_window, send_window_);
      if (window <= 0) break;
      size = std::min(size, static_cast<std::size_t>(window));
      stream.send_window -= static_cast<std::int64_t>(size);
      send_window_ -= static_cast<std::int64_t>(size);
    }
    const bool is_last = stream.is_ending && size == stream.pending.size();
    write(Data{id, is_last, stream.pending.substr(0, size)});
    stream.pending.erase(0, size);
    if (is_last) stream.has_ended = true;
  }
  if (stream.is_ending && !stream.has_ended && stream.pending.empty()) {
    write(Data{id, true, ""});
    stream.has_ended = true;
  }
  if (stream.has_ended) forget_if_over(id);
}

void Session::State::pump() {
  if (is_dead_ || streams_.empty()) return;
  std::vector<StreamId> turn;
  for (const auto& [id, stream] : streams_) {
    if (!stream.pending.empty()) turn.push_back(id);
  }
  const auto first = std::upper_bound(turn.begin(), turn.end(), last_served_);
  std::rotate(turn.begin(), first, turn.end());
  if (!turn.empty()) last_served_ = turn.front();
  for (const StreamId id : turn) {
    if (Stream* stream = find(id)) push(id, *stream);
  }
}

void Session::State::give_back(StreamId id, ReceiveWindow& window, std::size_t bytes) {
  window.owed += bytes;
  if (window.owed < initial_window / 2) return;
  window.left += static_cast<std::int64_t>(window.owed);
  write(WindowUpdate{id, static_cast<std::uint32_t>(std::exchange(window.owed, 0))});
}

Session::Session(SessionOptions options, SessionEvents events)
    : state_(std::make_unique<State>(options, std::move(events))) {}
Session::~Session() = default;

core::Result<> Session::receive(std::string_view bytes) { return state_->receive(bytes); }
std::string Session::take_output() { return state_->take_output(); }
core::Result<StreamId> Session::open(const core::Headers& headers) { return state_->open(headers); }
void Session::reply(StreamId stream, const core::Headers& headers) { state_->reply(stream, headers); }
std::size_t Session::send(StreamId stream, std::string_view bytes) { return state_->send(stream, bytes); }
void Session::end(StreamId stream) { state_->end(stream); }
void Session::reset(StreamId stream, Status status) { state_->reset(stream, status); }
void Session::consumed(StreamId stream, std::size_t bytes) { state_->consumed(stream, bytes); }
void Session::ping() { state_->ping(); }
void Session::go_away() { state_->go_away(); }
bool Session::is_open(StreamId stream) const { return state_->is_open(stream); }
bool Session::can_send(StreamId stream) const { return state_->can_send(stream); }
std::size_t Session::stream_count() const { return state_->stream_count(); }

}  // namespace slipway::net::spdy
