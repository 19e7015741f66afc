#include <cerrno>

#include "core/log.hpp"
#include "services/proxy/tcp_front.hpp"

namespace slipway::services::proxy {
namespace {

constexpr int accepted_a_turn = 64;
constexpr Duration pause_length = std::chrono::milliseconds(100);
constexpr Duration warn_period = std::chrono::seconds(10);

bool is_short_of_something(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

void TcpFront::on_ready(std::uint32_t) {
  for (int i = 0; i < accepted_a_turn; ++i) {
    if (!traffic_.has_room()) return pause();
    SocketAddress from;
    core::Descriptor client(::accept4(socket_.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) {
      if (is_short_of_something(errno)) pause();
      return;
    }
    prepare_stream(client.get());
    if (!carry(std::move(client), address_of(from).host)) return pause();
  }
}

bool TcpFront::carry(core::Descriptor client, std::string host) {
  ++traffic_.connections;
  auto flow = std::make_unique<Flow>(poller_, std::move(client), std::move(host), balance_,
                                     [this_traffic = &traffic_, &poller = poller_](Flow& ended) {
                                       auto gone = this_traffic->flows.extract(&ended);
                                       poller.bury(std::move(gone.mapped()));
                                     });
  Flow& there = *flow;
  traffic_.flows.emplace(&there, std::move(flow));
  return there.start();
}

// Those who are here go first; who comes waits in the kernel's queue.
void TcpFront::pause() {
  if (poller_.now() >= warn_again_) {
    log::warn("services", "cannot take more connections", {{"now", traffic_.flows.size()}});
    warn_again_ = poller_.now() + warn_period;
  }
  poller_.remove(socket_.get());
  go_on_later();
}

void TcpFront::go_on_later() {
  poller_.after(pause_length, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->socket_ && !self->poller_.add(self->socket_.get(), EPOLLIN, *self)) self->go_on_later();
  });
}

}  // namespace slipway::services::proxy
