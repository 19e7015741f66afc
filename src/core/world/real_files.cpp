// Files of this machine: durable before the call returns.

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"

namespace slipway::core {
namespace {

namespace fs = std::filesystem;

constexpr int most_races = 1000;
constexpr std::string_view temporary_mark = ".slipway-tmp-";  // what a crash left half written; list() hides it

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

Result<> require_absolute(const std::string& path) {
  if (path.empty() || path.front() != '/') return fail(Code::invalid_argument, "path \"" + path + "\" is not absolute");
  return {};
}

Result<> sync_directory(const std::string& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(from_errno(errno, "cannot open directory " + directory));
  // Some file systems have no fsync of directories (EINVAL): there is nothing more to do there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return fail(from_errno(errno, "cannot sync directory " + directory));
  return {};
}

Result<> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(from_errno(errno, "cannot write " + path));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

enum class Wait : bool { no, until_durable };

Result<> write_new(const std::string& temporary, std::string_view bytes, int mode, Wait wait) {
  const auto permissions = static_cast<mode_t>(mode);
  const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions));
  if (!fd) return fail(from_errno(errno, "cannot create " + temporary));
  if (::fchmod(fd.get(), permissions) != 0) return fail(from_errno(errno, "cannot set the mode of " + temporary));
  TRY(write_all(fd.get(), bytes, temporary));
  if (wait == Wait::until_durable && ::fsync(fd.get()) != 0) return fail(from_errno(errno, "cannot sync " + temporary));
  return {};
}

class RealFiles final : public Files {
 public:
  Result<std::string> read(const std::string& path) const override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(from_errno(errno, "cannot open " + path));
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return fail(from_errno(errno, "cannot read " + path));
    if (S_ISDIR(status.st_mode)) return fail(from_errno(EISDIR, "cannot read " + path));

    std::string bytes;
    // One byte more than its size, so that a file that did not grow ends after one read; /proc files have size 0.
    std::size_t room = static_cast<std::size_t>(status.st_size) + 1;
    for (std::size_t size = 0;;) {
      bytes.resize(size + std::max<std::size_t>(room, 4096));
      const ssize_t got = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
      if (got < 0 && errno != EINTR) return fail(from_errno(errno, "cannot read " + path));
      if (got == 0) {
        bytes.resize(size);
        return bytes;
      }
      if (got > 0) size += static_cast<std::size_t>(got);
      room = size;  // doubles from here
    }
  }

  Result<> write_atomic(const std::string& path, std::string_view bytes, int mode) override {
    TRY(replace(path, bytes, mode, Wait::until_durable));
    return sync_directory(parent_of(path));
  }

  Result<> write_derived(const std::string& path, std::string_view bytes, int mode) override {
    return replace(path, bytes, mode, Wait::no);
  }

  bool exists(const std::string& path) const override {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0;
  }

  Result<std::vector<std::string>> list(const std::string& directory) const override {
    std::error_code code;
    fs::directory_iterator entry(directory, code);
    if (code) return fail(from_errno(code.value(), "cannot list " + directory));
    std::vector<std::string> names;
    while (entry != fs::directory_iterator()) {
      std::string name = entry->path().filename().string();
      if (!name.contains(temporary_mark)) names.push_back(std::move(name));
      entry.increment(code);
      if (code) return fail(from_errno(code.value(), "cannot list " + directory));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<> make_directories(const std::string& path, int mode) override {
    TRY(require_absolute(path));
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
      const std::string directory = path.substr(0, slash);
      if (::mkdir(directory.c_str(), static_cast<mode_t>(mode)) == 0) {
        TRY(sync_directory(parent_of(directory)));
      } else if (errno != EEXIST) {
        return fail(from_errno(errno, "cannot make directory " + directory));
      }
      if (slash == std::string::npos) break;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail(from_errno(errno, "cannot make directory " + path));
    if (!S_ISDIR(status.st_mode)) return fail(from_errno(ENOTDIR, "cannot make directory " + path));
    return {};
  }

  Result<> remove_tree(const std::string& path) override {
    TRY(require_absolute(path));
    if (fs::path(path).lexically_normal() == "/") return fail(Code::invalid_argument, "refusing to remove /");
    std::error_code code;
    fs::remove_all(path, code);
    if (code == std::errc::permission_denied) {  // some programs leave directories that even their owner cannot empty
      open_directories(path);
      fs::remove_all(path, code);
    }
    // Others may take away what is in it at the same time.
    for (int i = 0; i < most_races && code == std::errc::no_such_file_or_directory; ++i) fs::remove_all(path, code);
    if (code) return fail(from_errno(code.value(), "cannot remove " + path));
    return {};
  }

 private:
  // Follows no links.
  static void open_directories(const std::string& path) {
    std::error_code code;
    if (fs::is_symlink(path, code) || !fs::is_directory(path, code)) return;
    fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, code);
    for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
      open_directories(it->path().string());
    }
  }
  static Result<> replace(const std::string& path, std::string_view bytes, int mode, Wait wait) {
    TRY(require_absolute(path));
    const std::string temporary = path + std::string(temporary_mark) + real_random().hex(12);
    if (auto written = write_new(temporary, bytes, mode, wait); !written) {
      ::unlink(temporary.c_str());
      return written;
    }
    if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return fail(from_errno(error_number, "cannot replace " + path));
  }
};

}  // namespace

Files& real_files() {
  static RealFiles files;
  return files;
}

}  // namespace slipway::core
