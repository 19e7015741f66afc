#include "objects/kubernetes/definitions.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "objects/crd/bundled.hpp"
#include "objects/crd/status.hpp"

namespace slipway::objects::kubernetes {
namespace {

using crd::definition_kind;

constexpr Duration look_again = std::chrono::milliseconds(50);

// The version that `definition` keeps its objects in: the one that our controllers speak.
std::string version_of(const Object& definition) {
  for (const auto& version : definition.spec()["versions"].as_array()) {
    if (version["storage"].bool_or(false)) return version["name"].string_or("");
  }
  return {};
}

bool serves(const Object& definition, const std::string& version) {
  const auto& versions = definition.spec()["versions"].as_array();
  return std::ranges::any_of(versions, [&](const doc::Value& each) {
    return each["name"].string_or("") == version && each["served"].bool_or(false);
  });
}

Result<> put(KubernetesStore& store, const Object& wanted, const std::string& manager) {
  const auto version = version_of(wanted);
  TRY_ASSIGN(const auto stored, store.find(definition_kind, wanted.name()));
  const auto standing = stored ? crd::standing_of(*stored, wanted) : crd::Standing::outdated;
  if (standing == crd::Standing::current) return {};
  if (standing == crd::Standing::outdated) {
    TRY(store.apply_fields(wanted, {manager, true}));
    return {};
  }
  if (serves(*stored, version)) {
    log::info("objects", "a definition is somebody else's and stays", {{"name", wanted.name().name}});
    return {};
  }
  return fail(Error(Code::failed_precondition,
                    "the cluster has this definition from somebody else, without version " + version,
                    "install a release of its project that serves " + version + ", or remove the definition")
                  .on(wanted.text()));
}

// Whether objects of it can be asked for: some moments after the definition says so itself.
Result<bool> is_served(KubernetesStore& store, const Object& wanted) {
  TRY_ASSIGN(const auto stored, store.get(definition_kind, wanted.name()));
  if (!crd::is_established(stored.document())) return false;
  const auto& names = wanted.spec()["names"];
  const auto group = wanted.spec()["group"].string_or("");
  const auto version = version_of(wanted);
  const auto kind = names["kind"].string_or("");
  const auto plural = names["plural"].string_or("");
  const auto listed = store.list({group, version, kind, plural}, {.limit = 1});
  if (!listed && listed.error().code == Code::failed_precondition) return false;
  if (!listed) return fail(listed.error());
  return true;
}

}  // namespace

Result<> install(KubernetesStore& store, core::Clock& clock, Wire& wire, std::vector<doc::Value> definitions,
                 const DefinitionOptions& options) {
  std::vector<Object> wanted;
  for (auto& each : definitions) wanted.push_back(crd::marked_as_bundled(std::move(each)));
  for (const auto& each : wanted) TRY(put(store, each, options.manager));
  for (const auto& each : wanted) {
    const auto end = clock.monotonic() + options.deadline;
    for (;;) {
      TRY_ASSIGN(const bool is_done, is_served(store, each));
      if (is_done) break;
      if (clock.monotonic() >= end) {
        return fail(Error(Code::deadline_exceeded, "the API server took it and does not serve it",
                          "kubectl describe crd " + each.name().name + " says why")
                        .on(each.text()));
      }
      wire.pause(look_again);
    }
  }
  return {};
}

}  // namespace slipway::objects::kubernetes
