#pragma once
// node.json: what a node keeps of itself besides its Pods.

#include <optional>

#include "core/world/world.hpp"

namespace slipway::pods {

struct NodeFile {
  int block = 0;                   // Pods get addresses 127.<block>.x.y
  std::optional<Time> stopped_at;  // the node itself ended its Pods then; no crash of theirs
};

// The file in `directory`, or a new one with a block of its own, durable on return.
Result<NodeFile> load_node_file(core::World& world, const std::string& directory);
Result<> save_node_file(core::World& world, const std::string& directory, const NodeFile& file);

}  // namespace slipway::pods
