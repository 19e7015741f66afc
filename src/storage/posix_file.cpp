#include "storage/posix_file.hpp"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

namespace slipway::storage {

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() { return std::exchange(number_, -1); }

namespace {

std::unexpected<Error> failed(const char* verb, const std::string& path) {
  return fail(core::from_errno(errno, std::string("cannot ") + verb + " " + path));
}

}  // namespace

Result<FileDescriptor> open_for_reading(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return failed("open", path);
  return file;
}

Result<> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> read_all(int descriptor, const std::string& path, const std::function<Result<>(std::string_view)>& chunk) {
  std::vector<char> buffer(1 << 20);
  off_t offset = 0;
  while (true) {
    const ssize_t count = ::pread(descriptor, buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("read", path);
    if (count == 0) return {};
    TRY(chunk(std::string_view(buffer.data(), static_cast<std::size_t>(count))));
    offset += count;
  }
}

Result<> sync_file(int descriptor, const std::string& path) {
  if (::fsync(descriptor) != 0) return failed("sync", path);
  return {};
}

Result<> sync_directory(const std::string& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return failed("open", path);
  return sync_file(directory.get(), path);
}

std::string parent_directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<> make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(parent_directory(path));
  if (errno == ENOENT && parent_directory(path) != path) {
    TRY(make_directories(parent_directory(path)));
    if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(parent_directory(path));
  }
  if (errno != EEXIST) return failed("make directory", path);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
    return fail(Code::failed_precondition, path + " is not a directory");
  }
  return {};
}

Result<> make_private_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return failed("open", path);
  return {};
}

Result<> publish_file(const std::string& path, const std::string& target) {
  {
    TRY_ASSIGN(const FileDescriptor file, open_for_reading(path));
    TRY(sync_file(file.get(), path));
  }
  if (::rename(path.c_str(), target.c_str()) != 0) return failed("rename to", target);
  return sync_directory(parent_directory(target));
}

}  // namespace slipway::storage
