#pragma once
// Files by their descriptors: what database files and blobs share. Inside of storage.

#include <functional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::storage {

class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  int release();

 private:
  int number_;
};

Result<FileDescriptor> open_for_reading(const std::string& path);
Result<> write_all(int descriptor, std::string_view bytes, const std::string& path);
// Calls `chunk` with the file's bytes, in order, from its beginning.
Result<> read_all(int descriptor, const std::string& path, const std::function<Result<>(std::string_view)>& chunk);
Result<> sync_file(int descriptor, const std::string& path);
Result<> sync_directory(const std::string& path);
// Makes `path` and its parents with mode 0700; existing ones are fine.
Result<> make_directories(const std::string& path);
// An empty file of mode 0600 when there is none.
Result<> make_private_file(const std::string& path);
// fsync, rename over `target`, fsync of the directory.
Result<> publish_file(const std::string& path, const std::string& target);
std::string parent_directory(const std::string& path);

}  // namespace slipway::storage
