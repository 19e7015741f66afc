#pragma once
// The Node object: what this machine tells about itself. Inside the room only.

#include "objects/store.hpp"
#include "pods/node.hpp"

namespace slipway::pods {

// The machine's host name as a legal object name; "localhost" when it has none.
std::string host_name(const core::World& world);
// Makes or refreshes the Node object of that name, Ready.
Result<> register_node(core::World& world, objects::Store& store, const NodeOptions& options);

}  // namespace slipway::pods
