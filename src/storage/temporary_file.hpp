#pragma once
// TemporaryFile: a file that goes away unless it is published under its final name, read-only and durable. Inside
// storage/ only; docs/internals/blobs.md says why each step is there.

#include <string>

#include "core/result.hpp"
#include "storage/posix_file.hpp"

namespace slipway::storage {

// Its lock tells other processes that its writer lives.
class TemporaryFile {
 public:
  // A new empty one in `directory`.
  static Result<TemporaryFile> make(const std::string& directory);
  // A second name of an existing file. Its owner may hold a lock of its own, which keeps cleaners away as well.
  static Result<TemporaryFile> link(const std::string& directory, const std::string& path);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  int descriptor() const { return file_.get(); }
  const std::string& path() const { return path_; }

  // Read-only, durable, and under its final name.
  Result<> publish(const std::string& target);

 private:
  TemporaryFile(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  bool lock() const;

  std::string path_;
  FileDescriptor file_;
};

// Removes what a killed process left at `path`: whoever writes it holds its lock, a killed process holds none.
void remove_leftover(const std::string& path);

}  // namespace slipway::storage
