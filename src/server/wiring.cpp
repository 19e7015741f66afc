#include "server/wiring.hpp"

#include "core/digest.hpp"
#include "core/world/real.hpp"
#include "forge/forge.hpp"
#include "registry/registry.hpp"
#include "storage/blobs.hpp"

namespace slipway::server {
namespace {

constexpr std::size_t kept_answers = 64;

bool is_manifest(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

}  // namespace

Result<std::string> RegisteredWeights::path_for(const std::string& model_uri, const std::string& sha256_hex) {
  constexpr std::string_view registry_scheme = "model-registry://", file_scheme = "file://";
  if (model_uri.starts_with(file_scheme)) {
    std::string path = model_uri.substr(file_scheme.size());
    if (!core::real_files().exists(path)) return fail(Code::not_found, "there are no weights at " + path);
    if (sha256_hex.empty()) return path;
    // Asked at every look at the object: what was taken over once is not read again.
    TRY_ASSIGN(const Digest wanted, Digest::parse("sha256:" + sha256_hex));
    if (blobs_.contains(wanted)) return blobs_.path_of(wanted);
    TRY_ASSIGN(const storage::BlobStat stat, blobs_.put_file(path, false));
    if (stat.digest != wanted)
      return fail(Code::data_loss, path + " is " + stat.digest.text() + ", not sha256:" + sha256_hex);
    return blobs_.path_of(stat.digest);
  }
  if (!model_uri.starts_with(registry_scheme)) {
    return fail(Code::invalid_argument, "weights cannot be taken from \"" + model_uri + "\" yet",
                "use model-registry://MODEL/VERSION or file:///PATH");
  }
  std::string digest = sha256_hex.empty() ? "" : "sha256:" + sha256_hex;
  if (digest.empty()) {
    const std::string name = model_uri.substr(registry_scheme.size());
    const std::size_t slash = name.rfind('/');
    if (slash == std::string::npos)
      return fail(Code::invalid_argument, "\"" + model_uri + "\" names no version",
                  "a promotion pins it; or write model-registry://" + name + "/VERSION");
    TRY_ASSIGN(const registry::VersionRecord record,
               registry_.get_version(name.substr(0, slash), name.substr(slash + 1)));
    digest = record.weights;
  }
  TRY_ASSIGN(const Digest parsed, Digest::parse(digest));
  return blobs_.path_of(parsed);
}

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

}  // namespace slipway::server
