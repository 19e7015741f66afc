#include "server/wiring.hpp"

#include "forge/forge.hpp"
#include "pods/node.hpp"
#include "registry/registry.hpp"

namespace slipway::server {
namespace {

constexpr std::size_t kept_answers = 64;

bool is_manifest(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

}  // namespace

Result<delivery::VersionFacts> RegisteredVersions::version(const std::string& model, const std::string& version) {
  TRY_ASSIGN(const registry::VersionRecord record, registry_.get_version(model, version));
  delivery::VersionFacts facts{.model = record.model,
                               .version = record.version,
                               .artifact = record.weights,
                               .state = record.state,
                               .commit = record.commit,
                               .repository = record.repository,
                               .run = record.run,
                               .metrics = record.metrics,
                               .parameters = {}};
  if (record.parameters.is_object()) {
    for (const auto& [key, value] : record.parameters.as_object()) facts.parameters[key] = value.string_or("");
  }
  return facts;
}

Result<delivery::ManifestFiles> CommittedManifests::files(const std::string& repository, const std::string& commit,
                                                          const std::string& directory) {
  const std::string key = repository + "@" + commit + ":" + directory;
  Answer& answer = answers_[key];
  if (answer.files) {
    Result<delivery::ManifestFiles> result = *answer.files;
    if (!result) answers_.erase(key);  // asked anew next time
    return result;
  }
  if (!answer.asked) {
    answer.asked = true;
    source_.list_files(repository, commit, directory,
                       [this, key, alive = std::weak_ptr<bool>(alive_)](Result<std::vector<forge::SourceFile>> listed) {
                         if (alive.expired()) return;
                         if (!listed) {
                           answers_[key].files = fail(std::move(listed).error());
                           return;
                         }
                         delivery::ManifestFiles files;
                         for (forge::SourceFile& file : *listed) {
                           if (is_manifest(file.path)) files.emplace_back(std::move(file.path), std::move(file.text));
                         }
                         if (answers_.size() > kept_answers) answers_.clear();
                         answers_[key] = {.asked = true, .files = std::move(files)};
                       });
  }
  return fail(Code::unavailable, "reading " + directory + " of " + repository + " at " + commit.substr(0, 7));
}

void ForgeTree::checkout(std::string repository, std::string commit, std::string directory,
                         std::move_only_function<void(Result<>)> done) {
  if (auto removed = files_.remove_tree(directory); !removed) return done(std::move(removed));
  source_.checkout(std::move(repository), std::move(commit), std::move(directory), std::move(done));
}

Result<std::string> NodeLogs::log(const objects::Name& pod) { return node_.read_log(pod, "", {}); }

}  // namespace slipway::server
