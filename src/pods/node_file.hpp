#pragma once
// node.json: what a node keeps of itself besides its Pods.

#include <optional>

#include "core/world/world.hpp"

namespace slipway::pods {

struct NodeFile {
  int block = 0;                   // Pods get addresses 127.<block>.x.y
  std::optional<Time> stopped_at;  // the node itself ended its Pods then; no crash of theirs
  bool is_restored = false;        // from a backup, whose platform may run beside; nothing of this one does yet
};

// The file in `directory`, or a new one with a block of its own, durable on return. What was restored gets another
// block when somebody uses that of the backup.
Result<NodeFile> load_node_file(core::World& world, const std::string& directory);
Result<> save_node_file(core::Files& files, const std::string& directory, const NodeFile& file);
// Of a directory that a backup was put into. One without the file is left as it is.
Result<> mark_restored(core::Files& files, const std::string& directory);

}  // namespace slipway::pods
