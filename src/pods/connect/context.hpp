#pragma once
// What the connections share: where they find Pods, and a register of those under way, so that all end in the loop's
// thread: with their client, their container or the node. Inside the room only.

#include <map>
#include <utility>

#include "net/stream_client.hpp"
#include "objects/api/call.hpp"
#include "pods/connections.hpp"
#include "pods/node_state.hpp"

namespace slipway::pods::connect {

namespace api = objects::api;

// One connection. The register owns it; callbacks hold it weakly.
class Session {
 public:
  virtual ~Session() = default;
  virtual void container_ended() {}  // the one it is registered for
};

class Sessions {
 public:
  void add(std::shared_ptr<Session> session, ContainerId id = {});
  // Later, on the loop: the session may be running.
  void remove(core::Loop& loop, const Session& session);
  void container_ended(const ContainerId& id);
  std::size_t count() const { return sessions_.size(); }
  // Lets go of all that are open: each holds its Context, which holds this.
  void clear() { std::exchange(sessions_, {}).clear(); }

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    ContainerId id;
  };
  std::map<const Session*, Entry> sessions_;
};

struct Context : std::enable_shared_from_this<Context> {
  Context(core::World& w, objects::Store& s, std::shared_ptr<Node::State> n, net::IoThread& io, ConnectionOptions o);
  core::World& world;
  objects::Store& store;
  std::shared_ptr<Node::State> node;
  std::unique_ptr<net::StreamClient> client;
  ConnectionOptions options;
  Sessions sessions;
  Sessions followers;  // of logs
};
using ContextPtr = std::shared_ptr<Context>;

// A container of a Pod, as a request names it.
struct Target {
  objects::Object pod;
  doc::Value container;  // its entry in the spec
  ContainerId id;        // the attempt that counts now
  std::string name() const { return id.container; }
};
api::Answer<objects::Object> find_pod(const Context& context, const api::Call& call);
// An empty container names the only one. 400 in kube's words otherwise, also when no node has taken the Pod.
api::Answer<Target> find_container(const Context& context, const objects::Object& pod, std::string container);
// 400 when it does not run, with what it waits for.
api::Answer<> check_running(const Context& context, const Target& target);
std::string waiting_reason(const objects::Object& pod, const std::string& container);  // "ContainerCreating"

std::optional<int> port_of(std::string_view text);  // from 1 to 65535

// On record before it begins; `action` is in the past: "exec".
void record(const Context& context, const api::Call& call, std::string action, const objects::Object& pod,
            std::string detail);

// What a request that is no WebSocket is told once everything else about it is right.
api::Failure needs_websocket(std::string_view subresource);

// The handlers.
void serve_log(const ContextPtr& context, const api::CallPtr& call);
void serve_exec(const ContextPtr& context, const api::CallPtr& call);
void serve_attach(const ContextPtr& context, const api::CallPtr& call);
void serve_port_forward(const ContextPtr& context, const api::CallPtr& call);
void serve_pod_proxy(const ContextPtr& context, const api::CallPtr& call);
void serve_service_proxy(const ContextPtr& context, const api::CallPtr& call);

}  // namespace slipway::pods::connect
