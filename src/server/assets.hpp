#pragma once
// Files built into the binary: the web page ("ui/..."), the Python runtime ("runtime/...") and the example
// repository ("examples/..."). The table is generated (cmake/assets.cmake).

#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::server {

struct Asset {
  std::string_view path;
  std::string_view bytes;
  bool gzip;  // bytes are compressed
  std::string_view content_type;
  std::string_view etag;  // of the uncompressed bytes, quoted
  bool executable;
};

std::span<const Asset> assets();
const Asset* find_asset(std::string_view path);
// Writes every asset below `prefix` into `directory` (files are replaced only when they differ).
Result<> extract_assets(std::string_view prefix, const std::string& directory);

}  // namespace slipway::server
