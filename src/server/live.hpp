#pragma once
// The live stream of the page: GET /api/slipway/v1/events. Sends the overview whenever it changed (at most four times a
// second, and only while somebody looks) and each audit entry as it is recorded.

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/world/world.hpp"
#include "net/http.hpp"
#include "team/audit.hpp"

namespace slipway::server {

class LiveStream {
 public:
  // `overview` renders the page's state. Control loop only; outlives the router.
  LiveStream(core::World& world, team::AuditLog& audit, std::function<doc::Value()> overview);
  void add_routes(net::Router& router);

 private:
  void connect(const net::Request& request, std::shared_ptr<net::Responder> responder);
  void tick();
  void send_timeline(const core::Event& event);

  core::World& world_;
  team::AuditLog& audit_;
  std::function<doc::Value()> overview_;
  std::unique_ptr<team::AuditLog::Subscription> subscription_;
  std::list<std::shared_ptr<net::Responder>> clients_;
  std::string last_;
  Instant last_sent_{};
  bool ticking_ = false;
};

}  // namespace slipway::server
