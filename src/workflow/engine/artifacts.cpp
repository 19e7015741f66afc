#include "workflow/engine/artifacts.hpp"

#include <algorithm>

#include "core/digest.hpp"

namespace slipway::workflow {
namespace {

using core::doc::Value;

constexpr int deepest = 50;

class Storing {
 public:
  Storing(const core::Files& files, storage::BlobStore& blobs, const std::stop_token& stop)
      : files_(files), blobs_(blobs), stop_(stop) {}

  core::Result<core::Digest> path(const std::string& path) {
    if (!files_.list(path)) return file(path);
    TRY_ASSIGN(const auto listing, tree(path, "", 0));
    return blobs_.put(listing);
  }

 private:
  // put_file() copies large files without holding them in memory; a simulated disk can only be read.
  core::Result<core::Digest> file(const std::string& path) {
    const auto stored = blobs_.put_file(path, false, stop_);
    if (stored) return stored->digest;
    if (stored.error().code != Code::not_found) return fail(stored.error());
    TRY_ASSIGN(const auto bytes, files_.read(path));
    return blobs_.put(bytes);
  }

  // Files below a directory with their digests, as text; the tree's own digest is that of this list.
  core::Result<std::string> tree(const std::string& directory, const std::string& prefix, int depth) {
    if (depth > deepest) return fail(Code::invalid_argument, directory + " is nested too deeply");
    TRY_ASSIGN(const auto names, files_.list(directory));
    std::string listing;
    for (const auto& name : names) {
      if (stop_.stop_requested()) return fail(Code::cancelled, "storing " + directory + " was stopped");
      const auto path = directory + "/" + name;
      if (files_.list(path)) {
        TRY_ASSIGN(const auto inner, tree(path, prefix + name + "/", depth + 1));
        listing += inner;
      } else {
        TRY_ASSIGN(const auto digest, file(path));
        listing += digest.text() + "  " + prefix + name + "\n";
      }
    }
    return listing;
  }

  const core::Files& files_;
  storage::BlobStore& blobs_;
  const std::stop_token& stop_;
};

// Others are metrics alone, or lie somewhere else.
bool is_on_disk(const Value& artifact) { return artifact["uri"].string_or("").starts_with('/'); }

}  // namespace

bool has_artifacts(const Value& outputs) {
  const auto& artifacts = outputs["artifacts"];
  return artifacts.is_object() && std::ranges::any_of(artifacts.as_object(), [](const auto& entry) {
           const auto& [name, artifact] = entry;
           return is_on_disk(artifact);
         });
}

core::Result<Value> store_artifacts(Value outputs, const core::Files& files, storage::BlobStore& blobs,
                                    const std::stop_token& stop) {
  if (!has_artifacts(outputs)) return outputs;
  for (auto& [name, artifact] : outputs.as_object().find("artifacts")->as_object()) {
    if (!is_on_disk(artifact)) continue;
    const auto path = artifact["uri"].string_or("");
    if (!files.exists(path)) continue;
    auto digest = Storing(files, blobs, stop).path(path);
    if (!digest)
      return fail(
          Error(digest.error().code, "the artifact \"" + name + "\" could not be stored").because(digest.error()));
    artifact.as_object().set("digest", digest->text());
  }
  return outputs;
}

}  // namespace slipway::workflow
