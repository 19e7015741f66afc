#include "pods/node_file.hpp"

#include "core/doc.hpp"
#include "pods/addresses.hpp"

namespace slipway::pods {

Result<NodeFile> load_node_file(core::World& world, const std::string& directory) {
  const std::string path = directory + "/node.json";
  NodeFile file;
  if (world.files.exists(path)) {
    TRY_ASSIGN(const std::string text, world.files.read(path));
    TRY_ASSIGN(const doc::Value value, doc::parse_json(text, path));
    file.block = static_cast<int>(value["block"].int_or(0));
    if (auto time = core::parse_rfc3339(value["stoppedAt"].string_or(""))) file.stopped_at = *time;
    if (file.block >= Addresses::first_block && file.block <= Addresses::last_block) return file;
  }
  TRY_ASSIGN(file.block, choose_block(world));
  TRY(world.files.make_directories(directory));
  TRY(save_node_file(world, directory, file));
  return file;
}

Result<> save_node_file(core::World& world, const std::string& directory, const NodeFile& file) {
  doc::Object value{{"block", file.block}};
  if (file.stopped_at) value.set("stoppedAt", core::render_rfc3339_micro(*file.stopped_at));
  return world.files.write_atomic(directory + "/node.json", doc::render_json(std::move(value)));
}

}  // namespace slipway::pods
