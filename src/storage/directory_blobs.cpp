// Blobs in a directory; docs/internals/blobs.md has the layout and why each step is there.

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "storage/blobs.hpp"
#include "storage/posix_file.hpp"

namespace slipway::storage {

namespace {

using core::Digest;

std::unexpected<Error> failed(const char* verb, const std::string& path) {
  return fail(core::from_errno(errno, std::string("cannot ") + verb + " " + path));
}

// Names in a directory, without the dot files; none when it is absent.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* const stream = ::opendir(directory.c_str());
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

// A file under tmp/ that goes away unless it is published. Its lock tells other processes that its writer lives.
class TemporaryFile {
 public:
  static Result<TemporaryFile> make(const std::string& directory) {
    static std::atomic<std::uint64_t> counter{0};
    while (true) {
      const std::string path =
          directory + "/" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
      FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!file.valid() && errno == EEXIST) continue;  // left by an earlier process with our pid
      if (!file.valid()) return failed("make", path);
      if (TemporaryFile temporary(path, std::move(file)); temporary.lock()) return temporary;
    }
  }

  // A second name of an existing file. Its owner may hold a lock of its own, which keeps cleaners away as well.
  static Result<TemporaryFile> link(const std::string& directory, const std::string& path) {
    TRY_ASSIGN(TemporaryFile placeholder, make(directory));
    const std::string name = placeholder.path_ + "-link";
    if (::linkat(AT_FDCWD, path.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) return failed("link", path);
    TemporaryFile linked(name, FileDescriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC)));
    if (!linked.file_.valid()) return failed("open", name);
    (void)::flock(linked.file_.get(), LOCK_SH | LOCK_NB);
    return linked;
  }

  ~TemporaryFile() {
    if (!path_.empty()) (void)::unlink(path_.c_str());
  }
  TemporaryFile(TemporaryFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  int descriptor() const { return file_.get(); }
  const std::string& path() const { return path_; }

  // Read-only, durable, and under its final name.
  Result<> publish(const std::string& target) {
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

 private:
  TemporaryFile(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  // False when somebody's cleaning removed it between open and lock.
  bool lock() const {
    if (::flock(file_.get(), LOCK_EX) != 0) return true;  // no locks on this file system
    struct stat status{};
    return ::fstat(file_.get(), &status) == 0 && status.st_nlink > 0;
  }

  std::string path_;
  FileDescriptor file_;
};

class DirectoryBlobs final : public BlobStore {
 public:
  explicit DirectoryBlobs(std::string directory)
      : temporary_(directory + "/tmp"), blobs_(std::move(directory) + "/sha256") {}

  Result<> prepare() {
    TRY(make_directories(temporary_));
    TRY(make_directories(blobs_));
    for (const std::string& name : names_in(temporary_)) remove_leftover(temporary_ + "/" + name);
    return {};
  }

  Result<Digest> put(std::string_view bytes) override {
    const Digest digest = Digest::of(bytes);
    TRY_ASSIGN(const bool present, is_present(digest, bytes.size()));
    if (present) return digest;
    TRY_ASSIGN(TemporaryFile file, TemporaryFile::make(temporary_));
    TRY(write_all(file.descriptor(), bytes, file.path()));
    TRY(publish(file, digest));
    return digest;
  }

  Result<BlobStat> put_file(const std::string& path, bool may_link) override {
    TRY_ASSIGN(const FileDescriptor source, open_for_reading(path));
    struct stat status{};
    if (::fstat(source.get(), &status) != 0) return failed("look at", path);
    if (!S_ISREG(status.st_mode)) return fail(Code::invalid_argument, path + " is not a file");
    if (may_link) {
      if (auto linked = TemporaryFile::link(temporary_, path)) return take(*linked);
      // Another file system, or one without links: copied then.
    }
    TRY_ASSIGN(TemporaryFile file, TemporaryFile::make(temporary_));
    if (::ioctl(file.descriptor(), FICLONE, source.get()) == 0) return take(file);
    core::Hasher hasher;
    BlobStat stat;
    TRY(read_all(source.get(), path, [&](std::string_view chunk) -> Result<> {
      hasher.update(chunk);
      stat.size += chunk.size();
      return write_all(file.descriptor(), chunk, file.path());
    }));
    stat.digest = hasher.finish();
    TRY_ASSIGN(const bool present, is_present(stat.digest, stat.size));
    if (!present) TRY(publish(file, stat.digest));
    return stat;
  }

  Result<std::string> get(const Digest& digest) override {
    TRY_ASSIGN(const FileDescriptor file, open_blob(digest));
    std::string bytes;
    TRY(read_all(file.get(), path_for(digest), [&](std::string_view chunk) -> Result<> {
      bytes += chunk;
      return {};
    }));
    if (Digest::of(bytes) != digest) return damaged(digest);
    return bytes;
  }

  Result<std::string> path_of(const Digest& digest) override {
    std::string path = path_for(digest);
    {
      const std::lock_guard lock(mutex_);
      if (verified_.contains(digest) && ::access(path.c_str(), F_OK) == 0) return path;
    }
    TRY_ASSIGN(const FileDescriptor file, open_blob(digest));
    TRY_ASSIGN(const BlobStat stat, measure(file.get(), path));
    if (stat.digest != digest) return damaged(digest);
    const std::lock_guard lock(mutex_);
    verified_.insert(digest);
    return path;
  }

  bool contains(const Digest& digest) const override { return ::access(path_for(digest).c_str(), F_OK) == 0; }

  // Absent is fine: a removal that is repeated after a crash must succeed.
  Result<> remove(const Digest& digest) override {
    const std::string path = path_for(digest);
    {
      const std::lock_guard lock(mutex_);
      verified_.erase(digest);
      durable_.erase(digest);
    }
    if (::unlink(path.c_str()) != 0) {
      if (errno == ENOENT) return {};
      return failed("remove", path);
    }
    return sync_directory(parent_directory(path));
  }

  Result<std::vector<BlobStat>> list() const override {
    std::vector<BlobStat> blobs;
    for (const std::string& shard : names_in(blobs_)) {
      for (const std::string& name : names_in(blobs_ + "/" + shard)) {
        const auto digest = Digest::parse("sha256:" + name);
        struct stat status{};
        if (!digest || ::stat(path_for(*digest).c_str(), &status) != 0) continue;  // somebody else's file
        blobs.push_back(BlobStat{*digest, static_cast<std::uint64_t>(status.st_size)});
      }
    }
    return blobs;
  }

 private:
  std::string path_for(const Digest& digest) const {
    const std::string hex = digest.hex();
    return blobs_ + "/" + hex.substr(0, 2) + "/" + hex;
  }

  // Whoever writes it holds its lock; a killed process holds none.
  static void remove_leftover(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return;
    (void)::unlink(path.c_str());
  }

  // True when the blob is there, whole and durable. One that lost its tail is not there: putting it again mends it.
  Result<bool> is_present(const Digest& digest, std::uint64_t size) {
    const std::string path = path_for(digest);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) != size) return false;
    {
      const std::lock_guard lock(mutex_);
      if (durable_.contains(digest)) return true;
    }
    // Another thread or a killed process may have renamed it without coming as far as the directory's fsync.
    TRY(sync_directory(parent_directory(path)));
    const std::lock_guard lock(mutex_);
    durable_.insert(digest);
    return true;
  }

  Result<> publish(TemporaryFile& file, const Digest& digest) {
    const std::string path = path_for(digest);
    TRY(make_directories(parent_directory(path)));
    TRY(file.publish(path));
    const std::lock_guard lock(mutex_);
    durable_.insert(digest);
    verified_.erase(digest);
    return {};
  }

  // Publishes a file that holds its bytes already.
  Result<BlobStat> take(TemporaryFile& file) {
    TRY_ASSIGN(const BlobStat stat, measure(file.descriptor(), file.path()));
    TRY_ASSIGN(const bool present, is_present(stat.digest, stat.size));
    if (!present) TRY(publish(file, stat.digest));
    return stat;
  }

  static Result<BlobStat> measure(int descriptor, const std::string& path) {
    core::Hasher hasher;
    BlobStat stat;
    TRY(read_all(descriptor, path, [&](std::string_view chunk) -> Result<> {
      hasher.update(chunk);
      stat.size += chunk.size();
      return {};
    }));
    stat.digest = hasher.finish();
    return stat;
  }

  Result<FileDescriptor> open_blob(const Digest& digest) const {
    const std::string path = path_for(digest);
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.valid()) return file;
    if (errno == ENOENT) return fail(Code::not_found, "no blob " + digest.text());
    return failed("open", path);
  }

  std::unexpected<Error> damaged(const Digest& digest) const {
    return fail(Code::data_loss, "blob " + digest.text() + " is damaged: its bytes are not what was stored",
                "remove " + path_for(digest) + " and put it again from its origin or a backup");
  }

  const std::string temporary_;
  const std::string blobs_;
  std::mutex mutex_;
  std::set<Digest> verified_;  // read and found right by this process
  std::set<Digest> durable_;   // their directory was synced by this process
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_directory_blobs(const std::string& directory) {
  auto blobs = std::make_unique<DirectoryBlobs>(directory);
  TRY(blobs->prepare());
  return blobs;
}

}  // namespace slipway::storage
