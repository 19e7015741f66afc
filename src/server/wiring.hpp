#pragma once
// The small interfaces by which rooms ask for what their neighbours have, joined: delivery's versions come from the
// registry and its manifests from the forge; the workflow engine's checkouts from the forge and its logs from the node.
// Serving's, weights, are in weights.hpp. What is handed to a constructor outlives it.

#include <map>
#include <memory>
#include <optional>

#include "core/world/world.hpp"
#include "delivery/sources.hpp"
#include "server/weights.hpp"
#include "workflow/engine.hpp"

namespace slipway::forge {
class SourceRepository;
}
namespace slipway::pods {
class Node;
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

class ForgeTree final : public workflow::SourceTree {
 public:
  ForgeTree(core::Files& files, forge::SourceRepository& source) : files_(files), source_(source) {}
  // What an interrupted checkout left goes first.
  void checkout(std::string repository, std::string commit, std::string directory,
                std::move_only_function<void(Result<>)> done) override;

 private:
  core::Files& files_;
  forge::SourceRepository& source_;
};

class NodeLogs final : public workflow::LogSource {
 public:
  explicit NodeLogs(pods::Node& node) : node_(node) {}
  Result<std::string> log(const objects::Name& pod) override;

 private:
  pods::Node& node_;
};

}  // namespace slipway::server
