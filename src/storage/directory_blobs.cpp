// Blobs in a directory; docs/internals/blobs.md has the layout and why each step is there.

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "storage/blobs.hpp"
#include "storage/file_identity.hpp"
#include "storage/posix_file.hpp"
#include "storage/temporary_file.hpp"

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

  Result<BlobStat> put_file(const std::string& path, bool may_link, std::stop_token stop) override {
    TRY_ASSIGN(const FileDescriptor source, open_for_reading(path));
    struct stat status{};
    if (::fstat(source.get(), &status) != 0) return failed("look at", path);
    if (!S_ISREG(status.st_mode)) return fail(Code::invalid_argument, path + " is not a file");
    if (may_link) {
      if (auto linked = TemporaryFile::link(temporary_, path)) return take(*linked, stop);
      // Another file system, or one without links: copied then.
    }
    TRY_ASSIGN(TemporaryFile file, TemporaryFile::make(temporary_));
    if (::ioctl(file.descriptor(), FICLONE, source.get()) == 0) return take(file, stop);
    core::Hasher hasher;
    BlobStat stat;
    TRY(read_all(source.get(), path, [&](std::string_view chunk) -> Result<> {
      if (stop.stop_requested()) return stopped(path);
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

  Result<std::string> path_of(const Digest& digest, std::stop_token stop) override {
    std::string path = path_for(digest);
    TRY_ASSIGN(const FileDescriptor file, open_blob(digest));
    TRY_ASSIGN(const FileIdentity identity, identity_of(file.get(), path));
    auto is_good = verdict_on(digest, identity);
    if (!is_good) {
      TRY_ASSIGN(const BlobStat stat, measure(file.get(), path, stop));
      is_good = stat.digest == digest;
      remember(digest, identity, *is_good);
    }
    if (!*is_good) return damaged(digest);
    return path;
  }

  Result<BlobFile> file_of(const Digest& digest) const override {
    BlobFile file{.path = path_for(digest)};
    const auto identity = identity_of(file.path);
    if (!identity && identity.error().code == Code::not_found) return no_blob(digest);
    if (!identity) return fail(identity.error());
    const auto is_good = verdict_on(digest, *identity);
    if (is_good == false) return damaged(digest);
    file.size = identity->size;
    file.is_verified = is_good.has_value();
    return file;
  }

  bool contains(const Digest& digest) const override { return ::access(path_for(digest).c_str(), F_OK) == 0; }

  // Absent is fine: a removal that is repeated after a crash must succeed.
  Result<> remove(const Digest& digest) override {
    const std::string path = path_for(digest);
    {
      const std::lock_guard lock(mutex_);
      verdicts_.erase(digest);
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
    verdicts_.erase(digest);
    return {};
  }

  // Publishes a file that holds its bytes already: what is read of it is what path_of() would read.
  Result<BlobStat> take(TemporaryFile& file, const std::stop_token& stop) {
    TRY_ASSIGN(const FileIdentity identity, identity_of(file.descriptor(), file.path()));
    TRY_ASSIGN(const BlobStat stat, measure(file.descriptor(), file.path(), stop));
    TRY_ASSIGN(const bool present, is_present(stat.digest, stat.size));
    if (present) return stat;
    TRY(publish(file, stat.digest));
    remember(stat.digest, identity, true);
    return stat;
  }

  // No lock is held while this reads.
  static Result<BlobStat> measure(int descriptor, const std::string& path, const std::stop_token& stop) {
    core::Hasher hasher;
    BlobStat stat;
    TRY(read_all(descriptor, path, [&](std::string_view chunk) -> Result<> {
      if (stop.stop_requested()) return stopped(path);
      hasher.update(chunk);
      stat.size += chunk.size();
      return {};
    }));
    stat.digest = hasher.finish();
    return stat;
  }

  // Whether this process read this very file and found it right; nothing when it did not read it.
  std::optional<bool> verdict_on(const Digest& digest, const FileIdentity& identity) const {
    const std::lock_guard lock(mutex_);
    const auto found = verdicts_.find(digest);
    if (found == verdicts_.end() || found->second.identity != identity) return std::nullopt;
    return found->second.is_good;
  }

  // `identity` is from before the reading: what changed meanwhile is another file.
  void remember(const Digest& digest, const FileIdentity& identity, bool is_good) {
    const std::lock_guard lock(mutex_);
    verdicts_.insert_or_assign(digest, Verdict{identity, is_good});
  }

  Result<FileDescriptor> open_blob(const Digest& digest) const {
    const std::string path = path_for(digest);
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.valid()) return file;
    if (errno == ENOENT) return no_blob(digest);
    return failed("open", path);
  }

  static std::unexpected<Error> no_blob(const Digest& digest) {
    return fail(Code::not_found, "no blob " + digest.text());
  }

  static std::unexpected<Error> stopped(const std::string& path) {
    return fail(Code::cancelled, "reading " + path + " was stopped");
  }

  std::unexpected<Error> damaged(const Digest& digest) const {
    return fail(Code::data_loss, "blob " + digest.text() + " is damaged: its bytes are not what was stored",
                "remove " + path_for(digest) + " and put it again from its origin or a backup");
  }

  struct Verdict {
    FileIdentity identity;
    bool is_good = false;
  };

  const std::string temporary_;
  const std::string blobs_;
  mutable std::mutex mutex_;
  std::map<Digest, Verdict> verdicts_;  // what this process read
  std::set<Digest> durable_;            // their directory was synced by this process
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_directory_blobs(const std::string& directory) {
  auto blobs = std::make_unique<DirectoryBlobs>(directory);
  TRY(blobs->prepare());
  return blobs;
}

}  // namespace slipway::storage
