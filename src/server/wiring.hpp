#pragma once
// The small interfaces by which rooms ask for what a neighbour has, joined: weights from registry and blobs, versions
// from the registry, manifests from the forge.

#include <map>

#include "core/world/world.hpp"
#include "delivery/sources.hpp"
#include "serving/serving.hpp"

namespace slipway::forge {
class SourceRepository;
}
namespace slipway::registry {
class Registry;
}
namespace slipway::storage {
class BlobStore;
}

namespace slipway::server {

// model-registry://MODEL/VERSION from the registry's digest, file:///PATH as it is (verified when a digest is given).
class RegisteredWeights final : public serving::WeightsSource {
 public:
  RegisteredWeights(registry::Registry& registry, storage::BlobStore& blobs) : registry_(registry), blobs_(blobs) {}
  Result<std::string> path_for(const std::string& model_uri, const std::string& sha256_hex) override;

 private:
  registry::Registry& registry_;
  storage::BlobStore& blobs_;
};

class RegisteredVersions final : public delivery::VersionSource {
 public:
  explicit RegisteredVersions(registry::Registry& registry) : registry_(registry) {}
  Result<delivery::VersionFacts> version(const std::string& model, const std::string& version) override;

 private:
  registry::Registry& registry_;
};

// Reads a commit's directory once (a commit never changes) and remembers the last few. Until git has answered it says
// `unavailable`, and delivery asks again.
class CommittedManifests final : public delivery::ManifestSource {
 public:
  explicit CommittedManifests(forge::SourceRepository& source) : source_(source) {}
  Result<delivery::ManifestFiles> files(const std::string& repository, const std::string& commit,
                                        const std::string& directory) override;

 private:
  struct Answer {
    bool asked = false;
    std::optional<Result<delivery::ManifestFiles>> files;
  };
  forge::SourceRepository& source_;
  std::map<std::string, Answer> answers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::server
