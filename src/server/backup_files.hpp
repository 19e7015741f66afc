#pragma once
// Copies of files and trees for backups: modes and symbolic links kept, what vanishes meanwhile left out.

#include <cstdint>
#include <functional>
#include <string>

#include "core/result.hpp"

namespace slipway::server {

struct Copied {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

enum class CopyMode {
  copy,
  link,  // hard links where the file system allows; only for files that never change
};

// `wants` is asked with the path of each entry below `from`; a directory that is not wanted is not entered. Directories
// are made 0700; those that exist are filled. A `from` that does not exist is nothing to copy. resource_exhausted and
// permission_denied name the file.
Result<Copied> copy_tree(const std::string& from, const std::string& to, CopyMode mode,
                         const std::function<bool(const std::string& relative)>& wants = {});

// Everything written to the file system of `directory` is on the disk when it returns.
Result<> sync_file_system(const std::string& directory);

}  // namespace slipway::server
