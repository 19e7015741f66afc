#pragma once
// Publisher: the control plane's side of the gateway. Watches rules, Services, EndpointSlices and Pods in the store,
// compiles them into snapshots and hands these to the gateways. A rule that does not parse is reported and its last
// good version stays in force, also across restarts; endpoints go on changing meanwhile.
//
// Thread: the control loop only (the route's handler may run anywhere).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "gateway/traffic/compile.hpp"
#include "net/http.hpp"
#include "objects/store.hpp"

namespace slipway::gateway::publisher {

struct Report {
  std::vector<Error> problems;  // rules that do not parse; Error::object names each
  std::vector<Error> warnings;  // rules that do, and will surprise somebody
};

struct Options {
  core::EventSink* events = nullptr;             // "rejected" and "accepted" of a rule
  std::function<void(const Report&)> on_report;  // whenever it changed
  std::string kept_rules;                        // file of the last good rules, absolute; empty: kept in memory only
  core::Duration coalesce = std::chrono::milliseconds(20);
  core::Duration long_poll = std::chrono::seconds(25);
};

class Publisher {
 public:
  Publisher(core::World& world, objects::Store& store, Options options = {});
  ~Publisher();
  Result<> start();

  // Null until the first compilation, some milliseconds after start().
  std::shared_ptr<const traffic::Snapshot> current() const;
  const Report& report() const;
  // `on_snapshot` runs now when there is a snapshot, and whenever a new one is published.
  void follow(std::function<void(std::shared_ptr<const traffic::Snapshot>)> on_snapshot);

  // GET /api/slipway/v1/gateway/snapshot?after=VERSION: 200 with the snapshot once it is another than VERSION, 204 when
  // `long_poll` passes first. Versions are times, so that a new control plane never reuses one.
  void add_routes(net::Router& router);
  void serve_snapshot(net::Request request,
                      std::shared_ptr<net::Responder> responder);  // the route's handler, on the loop

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::gateway::publisher
