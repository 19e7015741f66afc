#include <filesystem>

#include "core/world/real.hpp"
#include "server/assets.hpp"

namespace slipway::server {

const Asset* find_asset(std::string_view path) {
  for (const Asset& asset : assets()) {
    if (asset.path == path) return &asset;
  }
  return nullptr;
}

Result<> extract_assets(std::string_view prefix, const std::string& directory) {
  core::Files& files = core::real_files();
  for (const Asset& asset : assets()) {
    if (!asset.path.starts_with(prefix) || asset.gzip) continue;
    const std::filesystem::path path = std::filesystem::path(directory) / asset.path.substr(prefix.size());
    TRY(files.make_directories(path.parent_path().string(), 0700));
    if (auto old = files.read(path.string()); old && *old == asset.bytes) continue;
    TRY(files.write_derived(path.string(), asset.bytes, asset.executable ? 0700 : 0600));
  }
  return {};
}

}  // namespace slipway::server
