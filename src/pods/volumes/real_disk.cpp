#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/digest.hpp"
#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods::volumes {
namespace {

namespace fs = std::filesystem;

constexpr const char* current = "..data";

std::unexpected<Error> refused(const std::string& what) {
  return fail(Code::internal, "cannot " + what + ": " + std::strerror(errno));
}

Result<> give(const std::string& path, const Owner& owner) {
  if (!owner.user && !owner.group) return {};
  const auto user = owner.user ? static_cast<uid_t>(*owner.user) : static_cast<uid_t>(-1);
  const auto group = owner.group ? static_cast<gid_t>(*owner.group) : static_cast<gid_t>(-1);
  if (::lchown(path.c_str(), user, group) != 0) return refused("give " + path + " to its Pod's user");
  return {};
}

// The same payload has the same name, so that it is seen to be there already.
// Not after a power cut, which may have taken what the files say: nobody waits for the disk when they are written.
std::string version_name(const Payload& payload, const Owner& owner) {
  static const std::string boot = core::real_files().read("/proc/sys/kernel/random/boot_id").value_or("");
  std::string all = boot + std::to_string(owner.user.value_or(-1)) + " " + std::to_string(owner.group.value_or(-1));
  for (const auto& [path, file] : payload) {
    all += '\n' + path + '\0' + std::to_string(file.mode) + ' ' + core::Digest::of(file.bytes).hex();
  }
  return "..version-" + core::Digest::of(all).short_text();
}

// With everything on the way. Not synced.
Result<> make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || path.rfind('/') == 0) return refused("make " + path);
  TRY(make_directories(path.substr(0, path.rfind('/')), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return refused("make " + path);
  return {};
}

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

class RealDisk final : public VolumeDisk {
 public:
  FileKind kind_of(const std::string& path) const override {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return FileKind::absent;
    switch (status.st_mode & S_IFMT) {
      case S_IFDIR:
        return FileKind::directory;
      case S_IFREG:
        return FileKind::file;
      case S_IFSOCK:
        return FileKind::socket;
      case S_IFCHR:
        return FileKind::character_device;
      case S_IFBLK:
        return FileKind::block_device;
      default:
        return FileKind::other;
    }
  }

  Result<> make_directory(const std::string& path, int mode, const Owner& owner) override {
    if (kind_of(path) == FileKind::directory) return {};
    const fs::path parent = fs::path(path).parent_path();
    TRY(core::real_files().make_directories(parent, 0700));
    TRY(make_dedicated(path, mode, owner));
    const core::Descriptor fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL))
      return refused("sync " + parent.string());  // EINVAL: cannot
    return {};
  }

  Result<> make_file(const std::string& path, int mode) override {
    TRY(core::real_files().make_directories(fs::path(path).parent_path(), 0755));
    return core::real_files().write_atomic(path, "", mode);
  }

  Result<> rewrite_file(const std::string& path, const std::string& bytes, int mode) override {
    TRY(make_directories(fs::path(path).parent_path(), 0700));
    const core::Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, static_cast<mode_t>(mode)));
    if (!file || ::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) return refused("open " + path);
    // Room first: on a full disk who reads it sees what it said, and not half of this.
    if (!bytes.empty() && ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes.size())) != 0)
      return refused("make room for " + path);
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), 0);
    if (written != static_cast<ssize_t>(bytes.size()) || ::ftruncate(file.get(), written) != 0)
      return refused("write " + path);
    return {};
  }

  Result<> make_directory_of_pod(const std::string& path, int mode, const Owner& owner) override {
    if (kind_of(path) == FileKind::directory) return {};
    TRY(make_directories(fs::path(path).parent_path(), 0700));
    return make_dedicated(path, mode, owner);
  }

  Result<> make_file_of_pod(const std::string& path, int mode) override {
    return core::real_files().write_derived(path, "", mode);
  }

  Result<> make_private(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return refused("make " + path);
    if (is_private(path)) return {};
    return fail(Code::failed_precondition, path + " is there and somebody else's, or open to others");
  }

  bool is_private(const std::string& path) const override {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
           (status.st_mode & 022) == 0;
  }

  std::string read_first(const std::string& path, std::size_t most) const override {
    const core::Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
    std::string bytes(most, '\0');
    const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  Result<> publish(const std::string& directory, const Payload& payload, const Owner& owner) override {
    TRY(make_directory_of_pod(directory, 0755, {}));
    const std::string version = version_name(payload, owner);
    const std::string link = directory + "/" + current;
    std::error_code ignored;
    const std::string before = fs::read_symlink(link, ignored).string();
    if (before != version) {
      TRY(write_version(directory + "/" + version, payload, owner));
      TRY(replace_link(link, version));
    }
    TRY(link_names(directory, payload));
    remove_others(directory, version);
    return {};
  }

  std::uint64_t usage(const std::string& path) const override {
    std::uint64_t bytes = 0;
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator it(path, options, error), end; !error && it != end; it.increment(error)) {
      struct stat status{};
      if (::lstat(it->path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    return bytes;
  }

  std::optional<Room> room(const std::string& directory) const override {
    struct statvfs status{};
    if (::statvfs(directory.c_str(), &status) != 0) return std::nullopt;
    return Room{std::uint64_t{status.f_bavail} * status.f_frsize, std::uint64_t{status.f_blocks} * status.f_frsize};
  }

 private:
  // Under another name until it has its mode and owner: whoever finds it after a crash finds all of that.
  static Result<> make_dedicated(const std::string& path, int mode, const Owner& owner) {
    const fs::path at(path);
    const std::string making = at.parent_path() / ("." + at.filename().string() + ".making");
    ::rmdir(making.c_str());
    if (::mkdir(making.c_str(), 0700) != 0) return refused("make " + making);
    TRY(give(making, owner));
    if (::chmod(making.c_str(), static_cast<mode_t>(mode)) != 0) return refused("set the mode of " + making);
    if (::rename(making.c_str(), path.c_str()) != 0) return refused("make " + path);
    return {};
  }

  static Result<> write_version(const std::string& directory, const Payload& payload, const Owner& owner) {
    std::error_code ignored;
    fs::remove_all(directory, ignored);  // what a crash left half written
    TRY(make_directories(directory, 0755));
    for (const auto& [path, file] : payload) {
      const std::string whole = directory + "/" + path;
      if (path.contains('/')) TRY(make_directories(fs::path(whole).parent_path(), 0755));
      const int mode = file.mode | (owner.group ? (file.mode & 0400) >> 3 : 0);  // the group reads what the owner reads
      TRY(core::real_files().write_derived(whole, file.bytes, mode));
      TRY(give(whole, owner));
    }
    return {};
  }

  static Result<> replace_link(const std::string& link, const std::string& target) {
    const std::string fresh = link + "_tmp";
    ::unlink(fresh.c_str());
    if (::symlink(target.c_str(), fresh.c_str()) != 0 || ::rename(fresh.c_str(), link.c_str()) != 0)
      return refused("swap " + link);
    return {};
  }

  static Result<> link_names(const std::string& directory, const Payload& payload) {
    for (const auto& [path, file] : payload) {
      const std::string name = first_part(path);
      const std::string target = std::string(current) + "/" + name;
      if (::symlink(target.c_str(), (directory + "/" + name).c_str()) != 0 && errno != EEXIST)
        return refused("link " + name + " in " + directory);
    }
    return {};
  }

  // Earlier versions, and links to what is no longer there.
  static void remove_others(const std::string& directory, const std::string& version) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename();
      const bool is_old_version = name.starts_with("..version-") && name != version;
      const bool leads_nowhere = !name.starts_with("..") && entry.is_symlink(error) && !fs::exists(entry.path(), error);
      if (is_old_version || leads_nowhere) fs::remove_all(entry.path(), error);
    }
  }
};

}  // namespace

std::unique_ptr<VolumeDisk> make_real_disk() { return std::make_unique<RealDisk>(); }

}  // namespace slipway::pods::volumes
