#pragma once
// RegisteredWeights: where serving gets its weights from: versions of the registry, and files of this machine. What it
// hands out was read and found right by this process; the reading goes on in the background. Control loop only.

#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/digest.hpp"
#include "core/world/background.hpp"
#include "serving/serving.hpp"
#include "storage/file_identity.hpp"

namespace slipway::registry {
class Registry;
}
namespace slipway::storage {
class BlobStore;
}

namespace slipway::server {

// model-registry://MODEL/VERSION from the registry's digest; file:///PATH as it is, or, when a digest is given, taken
// over into the blobs. References outlive it.
class RegisteredWeights final : public serving::WeightsSource {
 public:
  RegisteredWeights(core::World& world, registry::Registry& registry, storage::BlobStore& blobs)
      : registry_(registry), blobs_(blobs), tasks_(world.background) {}

  Result<serving::Weights> find(const std::string& model_uri, const std::string& sha256_hex) override;
  void on_verified(std::function<void()> changed) override { changed_ = std::move(changed); }

 private:
  Result<Digest> digest_of(const std::string& model_uri) const;
  Result<serving::Weights> find_blob(const Digest& digest);
  Result<serving::Weights> find_file(const std::string& path, const std::string& sha256_hex);
  // True when nobody reads it yet. An error of the last reading is told once; who asks again has it read again.
  Result<bool> begin(const std::string& what);
  void end(const std::string& what, const Error* why_not);

  // What a file outside of the blobs was found to be.
  struct Measured {
    storage::FileIdentity identity;
    Digest digest;
  };

  registry::Registry& registry_;
  storage::BlobStore& blobs_;
  std::function<void()> changed_;
  std::set<std::string> being_read_;          // digests and paths
  std::map<std::string, Error> failures_;     // by the same names
  std::map<std::string, Measured> measured_;  // by path
  core::BackgroundTasks tasks_;               // the last: it ends before what it works for
};

}  // namespace slipway::server
