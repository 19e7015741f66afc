#pragma once
// UdpFront: datagrams to one address of a Service. Each client has a socket of its own to its endpoint, so that answers
// find back; so many clients and no more. Inside proxy/ only.

#include <map>

#include "services/proxy/front.hpp"

namespace slipway::services::proxy {

class UdpFront final : public Front, public std::enable_shared_from_this<UdpFront> {
 public:
  static constexpr std::size_t most_clients = 4096;  // the one that was silent longest makes room
  static constexpr Duration silence = std::chrono::minutes(2);

  using Front::Front;
  void on_ready(std::uint32_t events) override;
  void follow(std::shared_ptr<Balance> balance) override;
  void close() override;

 private:
  struct Exchange final : Handler {
    Exchange(UdpFront& f, Address c) : front(f), client(std::move(c)) {}
    void on_ready(std::uint32_t) override { front.answer(*this); }
    UdpFront& front;
    Address client;
    Address endpoint;
    core::Descriptor socket;
    Instant last{};
    std::list<Exchange*>::iterator place;
  };

  Exchange* exchange_with(const Address& client);
  bool begin(Exchange& exchange);
  void answer(Exchange& exchange);
  void touch(Exchange& exchange);
  void end(Exchange& exchange);
  void plan_sweep();

  std::map<Address, std::shared_ptr<Exchange>> exchanges_;  // by client
  std::list<Exchange*> order_;                              // who was silent longest first
  bool is_sweep_planned_ = false;
};

}  // namespace slipway::services::proxy
