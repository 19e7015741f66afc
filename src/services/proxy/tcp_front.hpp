#pragma once
// TcpFront: accepts the connections to one address of a Service. Inside proxy/ only.

#include "services/proxy/front.hpp"

namespace slipway::services::proxy {

class TcpFront final : public Front, public std::enable_shared_from_this<TcpFront> {
 public:
  using Front::Front;
  void on_ready(std::uint32_t events) override;

 private:
  bool carry(core::Descriptor client, std::string host);  // whether descriptors are left
  void pause();
  void go_on_later();
  Instant warn_again_{};
};

}  // namespace slipway::services::proxy
