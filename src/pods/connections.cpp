#include "pods/connections.hpp"

#include "objects/api/server.hpp"
#include "pods/connect/context.hpp"
#include "pods/connect/usage.hpp"

namespace slipway::pods {

struct Connections::State {
  State(core::World& world, objects::Store& store, Node& node, net::IoThread& io, ConnectionOptions options)
      : context(std::make_shared<connect::Context>(world, store, node.state(), io, std::move(options))),
        usage(std::make_unique<connect::Usage>(*context)) {}
  connect::ContextPtr context;
  std::unique_ptr<connect::Usage> usage;
};

Connections::Connections(core::World& world, objects::Store& store, Node& node, net::IoThread& io,
                         ConnectionOptions options)
    : state_(std::make_unique<State>(world, store, node, io, std::move(options))) {
  state_->context->node->on_end = [weak = std::weak_ptr(state_->context)](const ContainerId& id) {
    const auto context = weak.lock();
    if (!context) return;
    context->sessions.container_ended(id);
    context->followers.container_ended(id);
  };
  state_->context->node->usage_of = [usage = state_->usage.get()](const objects::Object& pod) {
    return usage->of(pod);
  };
}

Connections::~Connections() {
  state_->context->node->usage_of = nullptr;
  state_->context->node->on_end = nullptr;
  state_->context->sessions.clear();
  state_->context->followers.clear();
}

std::size_t Connections::count() const { return state_->context->sessions.count(); }

void Connections::serve(objects::api::ApiServer& server) {
  using Serve = void (*)(const connect::ContextPtr&, const objects::api::CallPtr&);
  const auto add = [&](std::string_view plural, std::string_view subresource, Serve handler) {
    server.serve_subresource("", plural, subresource,
                             [weak = std::weak_ptr(state_->context), handler](objects::api::CallPtr call) {
                               if (const auto context = weak.lock()) return handler(context, call);
                               call->send(objects::api::internal("the node is stopping"));
                             });
  };
  add("pods", "log", connect::serve_log);
  add("pods", "exec", connect::serve_exec);
  add("pods", "attach", connect::serve_attach);
  add("pods", "portforward", connect::serve_port_forward);
  add("pods", "proxy", connect::serve_pod_proxy);
  add("services", "proxy", connect::serve_service_proxy);
  for (const char* plural : {"pods", "nodes"}) {
    server.serve_virtual("metrics.k8s.io", plural,
                         [usage = state_->usage.get()](objects::api::CallPtr call) { usage->answer(call); });
  }
}

}  // namespace slipway::pods
