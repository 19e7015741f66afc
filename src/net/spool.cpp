#include "net/impl/spool.hpp"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include "core/world/real.hpp"

namespace slipway::net {

core::Result<std::shared_ptr<SpoolFile>> SpoolFile::make(const std::string& directory) {
  std::error_code ignored;
  const std::string place = directory.empty() ? std::filesystem::temp_directory_path(ignored).string() : directory;
  std::string path = place + "/slipway-upload-" + core::real_random().hex(16);
  core::Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail(core::from_errno(errno, "cannot keep a large request body in " + place));
  return std::shared_ptr<SpoolFile>(new SpoolFile(std::move(path), std::move(fd)));
}

SpoolFile::~SpoolFile() { ::unlink(path_.c_str()); }

core::Result<> SpoolFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(core::from_errno(errno, "cannot write " + path_));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

core::Result<> BodySink::take(std::string& bytes) {
  size_ += bytes.size();
  if (is_over_limit()) {
    return fail(Code::resource_exhausted, "the request's body is larger than " + std::to_string(max_body_) + " bytes");
  }
  if (!file_ && size_ > memory_limit) {
    TRY_ASSIGN(file_, SpoolFile::make(directory_));
    TRY(file_->write(memory_));
    memory_ = std::string();
  }
  if (file_) {
    TRY(file_->write(bytes));
  } else {
    memory_ += bytes;
  }
  bytes.clear();
  return {};
}

}  // namespace slipway::net
