#pragma once
// Publisher: the control plane's side of the proxy of Services. Watches Services, EndpointSlices, Endpoints and host
// ports in the store and leaves the rules in a file, from which the proxy serves whether or not anybody writes there.
// Where the proxy cannot listen it tells as Events of the Service.
//
// Thread: the control loop only.

#include <memory>

#include "objects/event_recorder.hpp"
#include "objects/store.hpp"
#include "services/compile.hpp"

namespace slipway::services {

struct PublisherOptions {
  std::string file;                                          // absolute
  std::function<std::vector<std::string>()> node_addresses;  // where node ports are
  std::string proxy_url;                                     // where the proxy says what it cannot do
  std::function<void()> on_needed = {};                      // once: somebody is to be found by a Service
  Duration coalesce = std::chrono::milliseconds(10);
};

class Publisher {
 public:
  // World and store outlive it.
  Publisher(core::World& world, objects::Store& store, PublisherOptions options);
  ~Publisher();
  // The file says what the store has when this returns.
  Result<> start();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::services
