#include "server/weights.hpp"

#include "core/world/real.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"

namespace slipway::server {
namespace {

constexpr std::string_view registry_scheme = "model-registry://", file_scheme = "file://";

}  // namespace

Result<serving::Weights> RegisteredWeights::find(const std::string& model_uri, const std::string& sha256_hex) {
  if (model_uri.starts_with(file_scheme)) return find_file(model_uri.substr(file_scheme.size()), sha256_hex);
  if (!model_uri.starts_with(registry_scheme)) {
    return fail(Code::invalid_argument, "weights cannot be taken from \"" + model_uri + "\" yet",
                "use model-registry://MODEL/VERSION or file:///PATH");
  }
  Digest digest;
  if (sha256_hex.empty()) {
    TRY_ASSIGN(digest, digest_of(model_uri));
  } else {
    TRY_ASSIGN(digest, Digest::parse("sha256:" + sha256_hex));
  }
  return find_blob(digest);
}

Result<Digest> RegisteredWeights::digest_of(const std::string& model_uri) const {
  const std::string name = model_uri.substr(registry_scheme.size());
  const std::size_t slash = name.rfind('/');
  if (slash == std::string::npos)
    return fail(Code::invalid_argument, "\"" + model_uri + "\" names no version",
                "a promotion pins it; or write model-registry://" + name + "/VERSION");
  TRY_ASSIGN(const registry::VersionRecord record,
             registry_.get_version(name.substr(0, slash), name.substr(slash + 1)));
  return Digest::parse(record.weights);
}

Result<serving::Weights> RegisteredWeights::find_blob(const Digest& digest) {
  TRY_ASSIGN(storage::BlobFile file, blobs_.file_of(digest));
  if (file.is_verified) return std::move(file.path);
  TRY_ASSIGN(const bool is_first, begin(digest.text()));
  if (is_first) {
    tasks_.run([&blobs = blobs_, digest](std::stop_token stop) { return blobs.path_of(digest, std::move(stop)); },
               [this, digest](const Result<std::string>& path) { end(digest.text(), path ? nullptr : &path.error()); });
  }
  return serving::BeingVerified{.path = std::move(file.path), .bytes = file.size};
}

Result<serving::Weights> RegisteredWeights::find_file(const std::string& path, const std::string& sha256_hex) {
  if (!core::real_files().exists(path)) return fail(Code::not_found, "there are no weights at " + path);
  if (sha256_hex.empty()) return path;
  TRY_ASSIGN(const Digest wanted, Digest::parse("sha256:" + sha256_hex));
  if (blobs_.contains(wanted)) return find_blob(wanted);  // taken over before
  TRY_ASSIGN(const storage::FileIdentity identity, storage::identity_of(path));
  if (const auto found = measured_.find(path);
      found != measured_.end() && found->second.identity == identity && found->second.digest != wanted) {
    return fail(Code::data_loss, path + " is " + found->second.digest.text() + ", not " + wanted.text());
  }
  TRY_ASSIGN(const bool is_first, begin(path));
  if (is_first) {
    tasks_.run([&blobs = blobs_, path](std::stop_token stop) { return blobs.put_file(path, false, std::move(stop)); },
               [this, path, identity](const Result<storage::BlobStat>& stored) {
                 if (stored) measured_[path] = {identity, stored->digest};
                 end(path, stored ? nullptr : &stored.error());
               });
  }
  return serving::BeingVerified{.path = {}, .bytes = identity.size};
}

Result<bool> RegisteredWeights::begin(const std::string& what) {
  if (const auto failure = failures_.extract(what)) return fail(std::move(failure.mapped()));
  return being_read_.insert(what).second;
}

void RegisteredWeights::end(const std::string& what, const Error* why_not) {
  being_read_.erase(what);
  // What was read and is damaged, the blobs remember themselves.
  if (why_not != nullptr && why_not->code != Code::data_loss) failures_.insert_or_assign(what, *why_not);
  if (changed_) changed_();
}

}  // namespace slipway::server
