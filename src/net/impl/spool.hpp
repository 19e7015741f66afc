#pragma once
// BodySink: takes a request's body as it comes: in memory up to 1 MiB, then in a file only we can read.

#include <memory>
#include <string>

#include "core/result.hpp"
#include "core/world/descriptor.hpp"

namespace slipway::net {

// A temporary file that goes with its last owner.
class SpoolFile {
 public:
  static core::Result<std::shared_ptr<SpoolFile>> make(const std::string& directory);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  core::Result<> write(std::string_view bytes);
  const std::string& path() const { return path_; }

 private:
  SpoolFile(std::string path, core::Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::string path_;
  core::Descriptor fd_;
};

class BodySink {
 public:
  static constexpr std::size_t memory_limit = 1024 * 1024;

  // `directory` empty: the system's temporary directory.
  BodySink(std::string directory, std::size_t max_body) : directory_(std::move(directory)), max_body_(max_body) {}
  // Takes `bytes` and empties it. resource_exhausted when the body is larger than allowed or the disk is full.
  core::Result<> take(std::string& bytes);
  bool is_over_limit() const { return size_ > max_body_; }

  std::string take_memory() { return std::move(memory_); }
  std::shared_ptr<SpoolFile> file() const { return file_; }  // null when the body is in memory

 private:
  std::string directory_;
  std::size_t max_body_;
  std::size_t size_ = 0;
  std::string memory_;
  std::shared_ptr<SpoolFile> file_;
};

}  // namespace slipway::net
