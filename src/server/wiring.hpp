#pragma once
// The small interfaces by which delivery asks for what its neighbours have, joined: versions from the registry,
// manifests from the forge. Serving's, weights, are in weights.hpp.

#include <map>
#include <memory>
#include <optional>

#include "delivery/sources.hpp"
#include "server/weights.hpp"

namespace slipway::forge {
class SourceRepository;
}
namespace slipway::registry {
class Registry;
}

namespace slipway::server {

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
