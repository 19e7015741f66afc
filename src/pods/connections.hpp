#pragma once
// Connections: what people do with a Pod that runs, through the Kubernetes API: read its logs, run a command beside it,
// attach to it, forward ports, ask it or a Service over HTTP, and see what it uses (metrics.k8s.io).
//
// A command of exec gets the environment, directory and user of its container's program; it ends with its client, with
// its container and with this object, and so does what it left in its process group. Terminals are real ones.
// WebSockets only: what asks for SPDY is told so.
// Thread: the control loop only.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/events.hpp"
#include "core/world/notices.hpp"
#include "net/http.hpp"
#include "objects/store.hpp"
#include "pods/node.hpp"

namespace slipway::objects::api {
class ApiServer;
}

namespace slipway::pods {

struct ConnectionOptions {
  // For Pods that show a process which is not the node's: the file of its log, "" when its log is in none. nullopt:
  // an ordinary Pod. May be empty: all are ordinary.
  std::function<std::optional<std::string>(const objects::Object& pod)> foreign_log;
  // Where exec, attach with input and port-forward go on record before they begin. Null: nowhere.
  core::EventSink* events = nullptr;
  // Who tells that a log has grown. Null: nobody, and logs that are followed are looked at again and again.
  core::Notices* notices = nullptr;
};

class Connections {
 public:
  // All of them outlive it; the node is started before anything is served.
  Connections(core::World& world, objects::Store& store, Node& node, net::IoThread& io, ConnectionOptions options);
  ~Connections();  // ends what is under way

  // The subresources log, exec, attach, portforward and proxy of Pods, proxy of Services, and metrics.k8s.io. The
  // server calls it only while this lives.
  void serve(objects::api::ApiServer& server);
  std::size_t count() const;  // under way, without logs

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::pods
