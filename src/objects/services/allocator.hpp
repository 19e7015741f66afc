#pragma once
// Allocator: gives Services their cluster IPs and node ports. What a Service holds is kept with it in one transaction
// (backend.hpp, claims), so that nothing is given twice and nothing is lost, whatever is killed. One family, IPv4.
// Facts of Kubernetes' registry of Services.
//
// Thread: the control loop only.

#include <memory>

#include "objects/backend.hpp"
#include "objects/schema/resource.hpp"

namespace slipway::objects::services {

struct Ranges {
  std::string addresses = "10.96.0.0/12";
  std::int64_t first_port = 30000;
  std::int64_t last_port = 32767;
};

class Allocator {
 public:
  // invalid_argument when the addresses are no IPv4 network of at least 16. The others outlive it.
  static Result<std::unique_ptr<Allocator>> make(core::Random& random, Backend& backend, Ranges ranges);

  // Fills in what a Service that is about to be kept needs and does not hold yet. `before` is null for a new one. Other
  // kinds are left as they are. invalid_argument names the field whose wish cannot be met; resource_exhausted.
  Result<> allocate(const schema::Resource& resource, doc::Value& after, const doc::Value& before);

  // Services from before there were addresses to give out, and those with one of another network (a restored copy
  // has its own), get theirs. Before the first request.
  Result<> settle_old();

 private:
  struct Network {
    std::uint32_t base = 0;
    std::uint32_t size = 0;
  };
  struct Holder;  // who asks
  bool is_inside(std::uint32_t address) const {
    return address > network_.base && address < network_.base + network_.size - 1;
  }
  Allocator(core::Random& random, Backend& backend, Ranges ranges, Network network)
      : random_(random), backend_(backend), ranges_(std::move(ranges)), network_(network) {}
  Result<> allocate_address(const Holder& holder, doc::Value& spec);
  Result<> allocate_ports(const Holder& holder, doc::Value& spec);
  Result<> allocate_health_check_port(const Holder& holder, doc::Value& spec);
  Result<std::string> next_address(const Holder& holder);
  Result<> take_address(const Holder& holder, const std::string& address);
  Result<> take_port(const Holder& holder, std::int64_t port, const std::string& field);
  Result<std::int64_t> next_port(const Holder& holder, const doc::Value& spec);
  Result<bool> is_free(const Holder& holder, const std::string& claim);
  Result<bool> is_held(const Holder& holder, const std::string& claim);  // by itself, whatever the ranges are now
  // A free one of `size` numbers, from anywhere in the upper part while there is one: the lower part is left to who
  // chooses for himself.
  Result<std::int64_t> pick(std::int64_t size, const std::function<Result<bool>(std::int64_t)>& is_free);

  core::Random& random_;
  Backend& backend_;
  Ranges ranges_;
  Network network_;
};

}  // namespace slipway::objects::services
