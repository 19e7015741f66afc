#pragma once
// Bindings: POST of a Binding says on which node a Pod runs.
//
// Thread: the control loop only.

#include "objects/api/writes.hpp"

namespace slipway::objects::api {

class Bindings {
 public:
  explicit Bindings(Writes& writes) : writes_(writes) {}
  void bind(CallPtr call);

 private:
  Writes& writes_;
};

}  // namespace slipway::objects::api
