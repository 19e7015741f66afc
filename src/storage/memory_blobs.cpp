#include <map>
#include <mutex>
#include <set>

#include "storage/blobs.hpp"
#include "storage/posix_file.hpp"

namespace slipway::storage {

namespace {

using core::Digest;

constexpr std::string_view prefix = "/sim/blobs/";

class MemoryBlobs final : public BlobStore {
 public:
  Result<Digest> put(std::string_view bytes) override {
    const Digest digest = Digest::of(bytes);
    const std::lock_guard lock(mutex_);
    blobs_.emplace(digest, bytes);
    return digest;
  }

  Result<BlobStat> put_file(const std::string& path, bool, std::stop_token) override {
    if (path.starts_with(prefix)) {  // one of ours
      TRY_ASSIGN(const Digest digest, Digest::parse("sha256:" + path.substr(prefix.size())));
      TRY_ASSIGN(const std::string bytes, get(digest));
      return BlobStat{digest, bytes.size()};
    }
    TRY_ASSIGN(const FileDescriptor file, open_for_reading(path));
    std::string bytes;
    TRY(read_all(file.get(), path, [&](std::string_view chunk) -> Result<> {
      bytes += chunk;
      return {};
    }));
    TRY_ASSIGN(const Digest digest, put(bytes));
    return BlobStat{digest, bytes.size()};
  }

  Result<std::string> get(const Digest& digest) override {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return fail(Code::not_found, "no blob " + digest.text());
    return found->second;
  }

  Result<std::string> path_of(const Digest& digest, std::stop_token) override {
    TRY_ASSIGN(BlobFile file, file_of(digest));
    const std::lock_guard lock(mutex_);
    verified_.insert(digest);
    return std::move(file.path);
  }

  Result<BlobFile> file_of(const Digest& digest) const override {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return fail(Code::not_found, "no blob " + digest.text());
    return BlobFile{std::string(prefix) + digest.hex(), found->second.size(), verified_.contains(digest)};
  }

  bool contains(const Digest& digest) const override {
    const std::lock_guard lock(mutex_);
    return blobs_.contains(digest);
  }

  Result<> remove(const Digest& digest) override {
    const std::lock_guard lock(mutex_);
    blobs_.erase(digest);
    verified_.erase(digest);
    return {};
  }

  Result<std::vector<BlobStat>> list() const override {
    const std::lock_guard lock(mutex_);
    std::vector<BlobStat> blobs;
    for (const auto& [digest, bytes] : blobs_) blobs.push_back(BlobStat{digest, bytes.size()});
    return blobs;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Digest, std::string> blobs_;
  std::set<Digest> verified_;  // asked for by path_of(): nothing can be wrong, but callers see it happen
};

}  // namespace

std::unique_ptr<BlobStore> make_memory_blobs() { return std::make_unique<MemoryBlobs>(); }

}  // namespace slipway::storage
