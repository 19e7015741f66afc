#include "pods/node_file.hpp"

#include "core/doc.hpp"
#include "pods/addresses.hpp"

namespace slipway::pods {

namespace {

std::string path_in(const std::string& directory) { return directory + "/node.json"; }

Result<NodeFile> read_node_file(const core::Files& files, const std::string& path) {
  NodeFile file;
  TRY_ASSIGN(const std::string text, files.read(path));
  TRY_ASSIGN(const doc::Value value, doc::parse_json(text, path));
  file.block = static_cast<int>(value["block"].int_or(0));
  file.is_restored = value["restored"].bool_or(false);
  if (auto time = core::parse_rfc3339(value["stoppedAt"].string_or(""))) file.stopped_at = *time;
  return file;
}

bool is_good(const core::World& world, const NodeFile& file) {
  if (file.block < Addresses::first_block || file.block > Addresses::last_block) return false;
  return !file.is_restored || !blocks_in_use(world).contains(file.block);
}

}  // namespace

Result<NodeFile> load_node_file(core::World& world, const std::string& directory) {
  NodeFile file;
  if (world.files.exists(path_in(directory))) {
    TRY_ASSIGN(file, read_node_file(world.files, path_in(directory)));
    if (is_good(world, file) && !file.is_restored) return file;
  }
  if (!is_good(world, file)) {
    TRY_ASSIGN(file.block, choose_block(world));
  }
  file.is_restored = false;
  TRY(world.files.make_directories(directory));
  TRY(save_node_file(world.files, directory, file));
  return file;
}

Result<> save_node_file(core::Files& files, const std::string& directory, const NodeFile& file) {
  doc::Object value{{"block", file.block}};
  if (file.is_restored) value.set("restored", true);
  if (file.stopped_at) value.set("stoppedAt", core::render_rfc3339_micro(*file.stopped_at));
  return files.write_atomic(path_in(directory), doc::render_json(std::move(value)));
}

Result<> mark_restored(core::Files& files, const std::string& directory) {
  if (!files.exists(path_in(directory))) return {};
  TRY_ASSIGN(auto file, read_node_file(files, path_in(directory)));
  file.is_restored = true;
  return save_node_file(files, directory, file);
}

}  // namespace slipway::pods
