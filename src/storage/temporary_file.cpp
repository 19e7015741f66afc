#include "storage/temporary_file.hpp"

#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace slipway::storage {
namespace {

std::unexpected<Error> failed(const char* verb, const std::string& path) {
  return fail(core::from_errno(errno, std::string("cannot ") + verb + " " + path));
}

}  // namespace

Result<TemporaryFile> TemporaryFile::make(const std::string& directory) {
  static std::atomic<std::uint64_t> counter{0};
  while (true) {
    const std::string path = directory + "/" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid() && errno == EEXIST) continue;  // left by an earlier process with our pid
    if (!file.valid()) return failed("make", path);
    if (TemporaryFile temporary(path, std::move(file)); temporary.lock()) return temporary;
  }
}

Result<TemporaryFile> TemporaryFile::link(const std::string& directory, const std::string& path) {
  TRY_ASSIGN(TemporaryFile placeholder, make(directory));
  const std::string name = placeholder.path_ + "-link";
  if (::linkat(AT_FDCWD, path.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) return failed("link", path);
  TemporaryFile linked(name, FileDescriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!linked.file_.valid()) return failed("open", name);
  (void)::flock(linked.file_.get(), LOCK_SH | LOCK_NB);
  return linked;
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) (void)::unlink(path_.c_str());
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}

Result<> TemporaryFile::publish(const std::string& target) {
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) return failed("look at", path_);
  const bool shared = status.st_nlink > 1;
  const mode_t mode = shared ? status.st_mode & 0555U : 0400U;
  if (::fchmod(file_.get(), mode) != 0) return failed("protect", path_);
  TRY(sync_file(file_.get(), path_));
  if (::rename(path_.c_str(), target.c_str()) != 0) return failed("rename to", target);
  path_.clear();
  return sync_directory(parent_directory(target));
}

// False when somebody's cleaning removed it between open and lock.
bool TemporaryFile::lock() const {
  if (::flock(file_.get(), LOCK_EX) != 0) return true;  // no locks on this file system
  struct stat status{};
  return ::fstat(file_.get(), &status) == 0 && status.st_nlink > 0;
}

void remove_leftover(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return;
  (void)::unlink(path.c_str());
}

}  // namespace slipway::storage
