#include "objects/catalog.hpp"

#include <algorithm>
#include <mutex>
#include <set>

namespace slipway::objects {
namespace {

std::string joined(std::string_view group, std::string_view version, std::string_view last) {
  return std::string(group) + "/" + std::string(version) + "/" + std::string(last);
}

// Versions of one group differ in how they show a kind; one of them is what the store holds.
bool is_stored_version(const schema::Resource& resource) {
  if (resource.is_custom()) return resource.version == resource.custom->storage_version;
  if (resource.group == "autoscaling") return resource.version == "v2";
  return true;
}

std::string_view interned(std::string_view text) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> texts;
  const std::scoped_lock lock(mutex);
  const auto at = texts.find(text);
  return at != texts.end() ? *at : *texts.emplace(text).first;
}

}  // namespace

Catalog::Catalog(const schema::Registry& builtin) {
  for (const auto& resource : builtin.resources()) {
    // The registry outlives the catalog.
    builtin_.push_back(ResourcePtr(ResourcePtr(), &resource));
  }
  index();
}

void Catalog::index() {
  by_kind_.clear();
  by_plural_.clear();
  stored_.clear();
  for (const auto& resource : resources()) add(resource);
}

void Catalog::add(const ResourcePtr& resource) {
  by_kind_.emplace(joined(resource->group, resource->version, resource->kind), resource);
  by_plural_.emplace(joined(resource->group, resource->version, resource->plural), resource);
  if (is_stored_version(*resource)) stored_.emplace(resource->group + "/" + resource->kind, resource);
}

std::vector<ResourcePtr> Catalog::resources() const {
  std::vector<ResourcePtr> all = builtin_;
  std::vector<ResourcePtr> custom;
  for (const auto& [definition, versions] : custom_) custom.insert(custom.end(), versions.begin(), versions.end());
  std::ranges::stable_sort(custom, {}, [](const ResourcePtr& resource) { return std::string_view(resource->group); });
  all.insert(all.end(), custom.begin(), custom.end());
  return all;
}

ResourcePtr Catalog::find(std::string_view group, std::string_view version, std::string_view kind) const {
  const auto at = by_kind_.find(joined(group, version, kind));
  return at == by_kind_.end() ? nullptr : at->second;
}

ResourcePtr Catalog::find_by_plural(std::string_view group, std::string_view version, std::string_view plural) const {
  const auto at = by_plural_.find(joined(group, version, plural));
  return at == by_plural_.end() ? nullptr : at->second;
}

bool Catalog::has_group_version(std::string_view group, std::string_view version) const {
  const auto prefix = joined(group, version, "");
  const auto at = by_kind_.lower_bound(prefix);
  return at != by_kind_.end() && at->first.starts_with(prefix);
}

ResourcePtr Catalog::stored(std::string_view group, std::string_view kind) const {
  const auto at = stored_.find(std::string(group) + "/" + std::string(kind));
  return at == stored_.end() ? nullptr : at->second;
}

void Catalog::put(const std::string& definition, std::vector<schema::Resource> versions) {
  auto& kept = custom_[definition];
  const bool is_new = kept.empty();
  kept.clear();
  for (auto& version : versions) kept.push_back(std::make_shared<const schema::Resource>(std::move(version)));
  ++revision_;
  if (!is_new) return index();
  for (const auto& resource : kept) add(resource);
}

void Catalog::remove(const std::string& definition) {
  if (custom_.erase(definition) == 0) return;
  ++revision_;
  index();
}

void read_builtin_kinds() { (void)schema::builtin(); }

Kind kind_of(const schema::Resource& stored) {
  return {interned(stored.group), interned(stored.version), interned(stored.kind), interned(stored.plural),
          stored.namespaced};
}

}  // namespace slipway::objects
