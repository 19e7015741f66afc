#pragma once
// The addresses of Pods: 127.B.x.y, one a Pod, so that every Pod can bind the port its program insists on. Linux owns
// all of 127/8. B is chosen once for each data directory and kept. The lower half of the block is for Pods, the upper
// for Services.

#include <set>
#include <string>
#include <string_view>

#include "core/world/world.hpp"

namespace slipway::pods {

// The second octets of 127.B.x.y that a /proc/net/tcp or tcp6 table shows in use. Pure.
std::set<int> blocks_in_use(std::string_view proc_net_tcp);
std::set<int> blocks_in_use(const core::World& world);  // of this machine, now
// Is somebody listening on that address and port, wildcards included? Pure.
bool is_listening(std::string_view proc_net_tcp, std::string_view address, int port);

// Hands out addresses of one block. Not durable itself: the truth is status.podIP of the Pods that exist.
class Addresses {
 public:
  static constexpr int first_block = 16;
  static constexpr int last_block = 250;
  explicit Addresses(int block) : block_(block) {}
  bool has(const std::string& address) const;  // in its half of the block
  void reserve(const std::string& address);
  void release(const std::string& address);
  // Goes round its half of the block before it gives a released one out again. resource_exhausted after 32,000.
  Result<std::string> take();

 private:
  int block_;
  int cursor_ = 0;
  std::set<std::string> taken_;
};

// What Services of that block get their addresses from: "127.B.128.0/17".
std::string service_network(int block);
// The first of them, by which programs know the API server.
std::string first_service_address(int block);

// The network's own, which no Service gets: where the proxy of Services is asked how it does.
std::string service_proxy_address(int block);

// A block for a new data directory: random among those that nobody uses now. resource_exhausted when all are in use.
Result<int> choose_block(core::World& world);

}  // namespace slipway::pods
