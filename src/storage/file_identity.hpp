#pragma once
// FileIdentity: tells whether a file is still the one that was read before, without reading it again. No proof against
// somebody who sets a file's times back.

#include <cstdint>
#include <string>

#include "core/result.hpp"

namespace slipway::storage {

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;     // bytes
  std::int64_t modified = 0;  // nanoseconds since 1970
  bool operator==(const FileIdentity&) const = default;
};

// Of the file that a name leads to; not_found. Thread-safe.
Result<FileIdentity> identity_of(const std::string& path);
// Of an open file; `path` is for the message.
Result<FileIdentity> identity_of(int descriptor, const std::string& path);

}  // namespace slipway::storage
