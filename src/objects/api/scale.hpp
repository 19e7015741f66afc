#pragma once
// Scales: the scale subresource: how many replicas, of whatever kind, as an autoscaling/v1 Scale.
//
// Thread: the control loop only.

#include "objects/api/writes.hpp"

namespace slipway::objects::api {

class Scales {
 public:
  Scales(Context& context, Writes& writes) : context_(context), writes_(writes) {}
  void handle(CallPtr call);  // GET, PUT, PATCH

 private:
  void get(const CallPtr& call);
  Context& context_;
  Writes& writes_;
};

}  // namespace slipway::objects::api
