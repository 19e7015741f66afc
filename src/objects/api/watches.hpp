#pragma once
// Watches: a GET with watch=true streams one JSON line for each change: {"type":"ADDED","object":{...}}, until the
// client goes, its time is over, or it is too slow: then it is cut off and lists again, never buffered without bound.
// A client that asks for a WebSocket gets each line as a text message.
//
// Thread: the control loop only.

#include <map>
#include <memory>

#include "objects/api/context.hpp"

namespace slipway::objects::api {

class Metrics;

// One line of a watch. `object` is JSON.
std::string event_line(std::string_view type, std::string_view object);

class Watches {
 public:
  // Both outlive this.
  Watches(Context& context, Metrics& metrics);
  ~Watches();
  void open(CallPtr call);
  // Over a WebSocket, where the client asks for one.
  static void choose_transport(Call& call);

 private:
  class Session;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace slipway::objects::api
