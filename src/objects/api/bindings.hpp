#pragma once
// Bindings: a scheduler says on which node a Pod runs: POST of a Binding to pods/NAME/binding, or to the bindings of a
// namespace.
//
// Thread: the control loop only.

#include "objects/api/writes.hpp"

namespace slipway::objects::api {

class Bindings {
 public:
  Bindings(Context& context, Writes& writes) : context_(context), writes_(writes) {}
  void create(CallPtr call);

 private:
  Context& context_;
  Writes& writes_;
};

}  // namespace slipway::objects::api
