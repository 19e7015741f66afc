#include "services/proxy/udp_front.hpp"

#include <array>
#include <cerrno>

namespace slipway::services::proxy {
namespace {

constexpr std::size_t longest_datagram = 64 * 1024;
constexpr int datagrams_a_turn = 64;
constexpr Duration sweep_period = std::chrono::seconds(10);

std::array<char, longest_datagram>& scratch() {
  static thread_local std::array<char, longest_datagram> bytes;
  return bytes;
}

}  // namespace

void UdpFront::on_ready(std::uint32_t) {
  for (int i = 0; i < datagrams_a_turn; ++i) {
    SocketAddress from;
    const ssize_t got = ::recvfrom(socket_.get(), scratch().data(), longest_datagram, 0, from.get(), &from.size);
    if (got < 0) return;
    Exchange* exchange = exchange_with(address_of(from));
    if (exchange == nullptr) continue;  // nobody answers: as on a network, it is lost
    ++traffic_.datagrams;
    const ssize_t sent = ::send(exchange->socket.get(), scratch().data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
    if (sent < 0 && errno == ECONNREFUSED) end(*exchange);  // the next one goes elsewhere
  }
}

UdpFront::Exchange* UdpFront::exchange_with(const Address& client) {
  if (const auto found = exchanges_.find(client); found != exchanges_.end()) {
    touch(*found->second);
    return found->second.get();
  }
  if (!order_.empty() && (exchanges_.size() >= most_clients || !traffic_.has_room_for_datagrams()))
    end(*order_.front());
  auto exchange = std::make_shared<Exchange>(*this, client);
  if (!begin(*exchange)) return nullptr;
  exchange->last = poller_.now();
  exchange->place = order_.insert(order_.end(), exchange.get());
  ++traffic_.exchanges;
  plan_sweep();
  return exchanges_.emplace(client, std::move(exchange)).first->second.get();
}

bool UdpFront::begin(Exchange& exchange) {
  const auto endpoint = balance_->pick(exchange.client.host, poller_.now(), {});
  if (!endpoint) return false;
  auto connecting = connect_to(Protocol::udp, *endpoint);
  if (!connecting) return false;
  exchange.endpoint = *endpoint;
  exchange.socket = std::move(connecting->socket);
  return poller_.add(exchange.socket.get(), EPOLLIN, exchange).has_value();
}

void UdpFront::answer(Exchange& exchange) {
  const SocketAddress client = socket_address(exchange.client);
  for (int i = 0; i < datagrams_a_turn; ++i) {
    const ssize_t got = ::recv(exchange.socket.get(), scratch().data(), longest_datagram, 0);
    if (got < 0 && errno == ECONNREFUSED) return end(exchange);
    if (got < 0) return;
    touch(exchange);
    ::sendto(socket_.get(), scratch().data(), static_cast<std::size_t>(got), MSG_NOSIGNAL, client.get(), client.size);
  }
}

void UdpFront::touch(Exchange& exchange) {
  exchange.last = poller_.now();
  order_.splice(order_.end(), order_, exchange.place);
}

void UdpFront::end(Exchange& exchange) {
  Poller::forget(exchange);
  exchange.socket.close();
  order_.erase(exchange.place);
  --traffic_.exchanges;
  auto gone = exchanges_.extract(exchange.client);
  poller_.bury(std::move(gone.mapped()));
}

void UdpFront::follow(std::shared_ptr<Balance> balance) {
  Front::follow(std::move(balance));
  std::vector<Exchange*> stranded;
  for (const auto& [client, exchange] : exchanges_) {
    if (!balance_->has(exchange->endpoint)) stranded.push_back(exchange.get());
  }
  for (Exchange* exchange : stranded) end(*exchange);
}

void UdpFront::close() {
  while (!order_.empty()) end(*order_.front());
  Front::close();
}

void UdpFront::plan_sweep() {
  if (std::exchange(is_sweep_planned_, true)) return;
  poller_.after(sweep_period, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->is_sweep_planned_ = false;
    const Instant oldest = self->poller_.now() - silence;
    while (!self->order_.empty() && self->order_.front()->last < oldest) self->end(*self->order_.front());
    if (!self->order_.empty()) self->plan_sweep();
  });
}

}  // namespace slipway::services::proxy
