#pragma once
// Reads: get and list. Stored bytes are sent as they are wherever the client wants objects in the form in which they
// are kept.
//
// Thread: the control loop only.

#include "objects/api/context.hpp"
#include "objects/api/selection.hpp"

namespace slipway::objects::api {

class Reads {
 public:
  explicit Reads(Context& context) : context_(context) {}
  void get(CallPtr call);  // the object, also through its status
  void list(CallPtr call);

 private:
  Answer<net::Response> listed(Call& call);
  // The objects of the call's kind in that range, as they were at `version`, or, without one, as they are. Returns the
  // version that the answer is of.
  Answer<std::int64_t> visit(const Call& call, const Selection& selection, const KeyRange& range,
                             std::optional<std::int64_t> version, const std::function<bool(Stored)>& visit);
  Context& context_;
};

// 504 when the version that is asked for was not given out yet.
Answer<> check_version(const Call& call, std::int64_t current);

}  // namespace slipway::objects::api
