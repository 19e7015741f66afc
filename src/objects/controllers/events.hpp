#pragma once
// EventExpiry: Events are news: they go an hour after they were last told, as from a real API server. For the embedded
// store.
//
// Thread: the control loop only.

#include "objects/backend.hpp"

namespace slipway::objects::controllers {

class EventExpiry {
 public:
  // Both outlive it.
  EventExpiry(core::World& world, Backend& backend) : world_(world), backend_(backend) {}
  ~EventExpiry();
  EventExpiry(const EventExpiry&) = delete;
  EventExpiry& operator=(const EventExpiry&) = delete;
  void start();

 private:
  void look_later(Duration time, std::optional<Name> after);
  // One page of them; the next one in a task of its own.
  void look(std::optional<Name> after);

  core::World& world_;
  Backend& backend_;
  core::TimerId timer_ = 0;
};

}  // namespace slipway::objects::controllers
