#pragma once
// Blobs by SHA-256 in a directory: DIR/sha256/ab/abcdef... . Written atomically, verified on read, never changed.
// docs/internals/blobs.md has the layout.

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "core/result.hpp"

namespace slipway::storage {

struct BlobStat {
  core::Digest digest;
  std::uint64_t size = 0;
};

// What is known of a blob's file without reading its bytes.
struct BlobFile {
  std::string path;
  std::uint64_t size = 0;    // bytes
  bool is_verified = false;  // path_of() has its answer
};

// Thread-safe. put_file() and path_of() read whole files, at some hundred megabytes a second: on the control loop only
// for small ones, otherwise by core::BackgroundTasks. They end with `cancelled` soon after `stop` asks them to.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // Durable on return; putting the same bytes again is cheap. resource_exhausted when the disk is full: nothing is
  // left.
  virtual Result<core::Digest> put(std::string_view bytes) = 0;
  // Copies (reflink or hard link where the file system allows and `may_link`) a file in.
  virtual Result<BlobStat> put_file(const std::string& path, bool may_link = false, std::stop_token stop = {}) = 0;
  // All bytes, verified: data_loss when they are not what was stored, not_found when absent.
  virtual Result<std::string> get(const core::Digest& digest) = 0;
  // A read-only file with these bytes, for programs that map their weights. It is read when this process has not read
  // it since it changed last (by size, time and inode); data_loss and not_found as above.
  virtual Result<std::string> path_of(const core::Digest& digest, std::stop_token stop = {}) = 0;
  // The same file as far as it is known, at once. not_found; data_loss when it was read and is damaged.
  virtual Result<BlobFile> file_of(const core::Digest& digest) const = 0;
  virtual bool contains(const core::Digest& digest) const = 0;
  virtual Result<> remove(const core::Digest& digest) = 0;
  virtual Result<std::vector<BlobStat>> list() const = 0;
};

// `directory` is made when absent (0700). Leftover temporary files of a killed process are removed.
Result<std::unique_ptr<BlobStore>> open_directory_blobs(const std::string& directory);
std::unique_ptr<BlobStore> make_memory_blobs();  // for the simulated world; path_of gives "/sim/blobs/<hex>"

}  // namespace slipway::storage
