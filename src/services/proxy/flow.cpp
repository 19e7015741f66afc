#include "services/proxy/flow.hpp"

#include <array>
#include <cerrno>

namespace slipway::services::proxy {
namespace {

constexpr std::size_t buffer_size = 128 * 1024;
constexpr Duration patience = std::chrono::seconds(30);  // with endpoints that do not answer
constexpr int moves_a_turn = 8;                          // then others have theirs
constexpr std::uint32_t all_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

// One for the thread: what a connection waits with is in its own `pending`.
std::array<char, buffer_size>& scratch() {
  static thread_local std::array<char, buffer_size> bytes;
  return bytes;
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Flow::Flow(Poller& poller, core::Descriptor client, std::string client_host, std::shared_ptr<Balance> balance,
           std::function<void(Flow&)> ended)
    : poller_(poller), client_host_(std::move(client_host)), balance_(std::move(balance)), ended_(std::move(ended)) {
  client_.socket = std::move(client);
  began_ = poller.now();
}

bool Flow::start() {
  if (!try_endpoints()) give_up();
  return !is_out_of_descriptors_;
}

// The client does not learn of those that do not answer. False: none is left.
bool Flow::try_endpoints() {
  while (const auto endpoint = balance_->pick(client_host_, poller_.now(), tried_)) {
    tried_.insert(*endpoint);
    auto connecting = connect_to(Protocol::tcp, *endpoint);
    if (!connecting) {
      is_out_of_descriptors_ = connecting.error().code == Code::resource_exhausted;
      if (is_out_of_descriptors_) return false;
      continue;
    }
    server_.socket = std::move(connecting->socket);
    if (!poller_.add(server_.socket.get(), all_events, server_)) return false;
    if (connecting->is_done) connected();
    return true;
  }
  return false;
}

// One whose queue is full does not answer either: it may yet.
bool Flow::try_silent_ones() {
  if (!std::exchange(was_silent_, false) || poller_.now() - began_ > patience) return false;
  tried_.clear();
  return try_endpoints();
}

void Flow::connected() {
  is_connected_ = true;
  tried_.clear();
  // Each event is told once, and of the server's some may have come with the one that brought us here.
  for (End* end : {&client_, &server_}) end->takes = end->may_have = true;
  if (!poller_.add(client_.socket.get(), all_events, client_)) return give_up();
  carry();
}

void Flow::on_ready(End& end, std::uint32_t events) {
  constexpr std::uint32_t over = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if (!is_connected_) {  // only the server's end is watched
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    end.is_over = (events & over) != 0;
    const int error = error_of(server_.socket.get());
    if (error == 0) return connected();
    was_silent_ = was_silent_ || error == ETIMEDOUT;
    server_.is_over = false;
    server_.socket.close();
    if (!try_endpoints() && !try_silent_ones()) give_up();
    return;
  }
  if ((events & (EPOLLIN | over)) != 0) end.may_have = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) end.takes = true;
  if ((events & over) != 0) end.is_over = true;
  if ((events & EPOLLERR) != 0 && end.has_ended) end.is_deaf = true;
  carry();
}

void Flow::carry() {
  for (int turn = 0; turn < moves_a_turn; ++turn) {
    const Step there = move(client_, server_);
    const Step back = move(server_, client_);
    if (there == Step::broken || back == Step::broken) return give_up();
    if (client_.is_told && server_.is_told) return end();
    // One has gone, and the other was told that nothing more comes: what it says still is for nobody, and a reset says
    // so.
    const auto has_gone = [](const End& one) { return one.is_deaf && one.has_ended; };
    if ((has_gone(client_) && server_.is_told) || (has_gone(server_) && client_.is_told)) return give_up();
    if (there == Step::waits && back == Step::waits) return;
  }
  poller_.again(client_);
}

// What `from` has, once, to `to`; and its end, when it sends no more.
Flow::Step Flow::move(End& from, End& to) {
  if (to.is_told) return Step::waits;
  if (!to.pending.empty()) give(to, std::exchange(to.pending, {}));
  if (!to.pending.empty()) return Step::waits;
  if (from.has_ended) {
    ::shutdown(to.socket.get(), SHUT_WR);
    to.is_told = true;
    return Step::waits;
  }
  if (!from.may_have || !(to.takes || to.is_deaf)) return Step::waits;
  const ssize_t got = ::recv(from.socket.get(), scratch().data(), buffer_size, 0);
  if (got < 0 && would_block(errno)) {
    from.may_have = false;
    return Step::waits;
  }
  if (got < 0) return errno == EINTR ? Step::more : Step::broken;
  from.has_ended = got == 0;
  if (static_cast<std::size_t>(got) < buffer_size && !from.is_over) from.may_have = false;
  give(to, {scratch().data(), static_cast<std::size_t>(got)});
  return Step::more;
}

// What it does not take waits.
void Flow::give(End& to, std::string_view bytes) {
  while (!bytes.empty() && to.takes && !to.is_deaf) {
    const ssize_t sent = ::send(to.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      to.takes = bytes.empty();
    } else if (would_block(errno)) {
      to.takes = false;
    } else if (errno != EINTR) {
      to.is_deaf = true;  // it may have said something before it left: that is read still
    }
  }
  to.pending = to.is_deaf ? std::string() : std::string(bytes);
}

// The client sees what it would see of an endpoint that breaks a connection.
void Flow::give_up() {
  reset(client_.socket);
  reset(server_.socket);
  end();
}

// Nobody takes what was not finished for whole.
void Flow::cut() { give_up(); }

void Flow::end() {
  client_.socket.close();
  server_.socket.close();
  Poller::forget(client_);
  Poller::forget(server_);
  ended_(*this);
}

}  // namespace slipway::services::proxy
