#pragma once
// The Node object: what this machine tells about itself. Inside the room only.

#include "objects/controller.hpp"
#include "objects/store.hpp"
#include "pods/node.hpp"

namespace slipway::pods {

// The machine's host name as a legal object name; "localhost" when it has none.
std::string host_name(const core::World& world);
// Makes or refreshes the Node object of that name, Ready.
Result<> register_node(core::World& world, objects::Store& store, const NodeOptions& options);

// Registers the node again when somebody deleted the object: the machine is still there.
class NodeRegistration final : public objects::Reconciler {
 public:
  // All outlive it.
  NodeRegistration(core::World& world, objects::Store& store, const NodeOptions& options);
  Result<> start() { return controller_.start(); }
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  core::World& world_;
  objects::Store& store_;
  const NodeOptions& options_;
  objects::Controller controller_;
};

}  // namespace slipway::pods
