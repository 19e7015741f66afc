#include "storage/file_identity.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace slipway::storage {
namespace {

FileIdentity identity_from(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

Result<FileIdentity> identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail(core::from_errno(errno, "cannot look at " + path));
  return identity_from(status);
}

Result<FileIdentity> identity_of(int descriptor, const std::string& path) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return fail(core::from_errno(errno, "cannot look at " + path));
  return identity_from(status);
}

}  // namespace slipway::storage
