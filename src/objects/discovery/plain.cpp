#include "objects/discovery/plain.hpp"

#include <algorithm>

#include "core/digest.hpp"

namespace slipway::objects::discovery {
namespace {

doc::Array texts(const std::vector<std::string>& from) { return {from.begin(), from.end()}; }

doc::Object version_entry(const GroupVersion& version) {
  return {{"groupVersion", version.api_version()}, {"version", version.version}};
}

doc::Object group_entry(const Group& group) {
  doc::Array versions;
  for (const GroupVersion& version : group.versions) versions.emplace_back(version_entry(version));
  return {{"name", group.name},
          {"versions", std::move(versions)},
          {"preferredVersion", version_entry(group.versions.front())}};
}

doc::Object resource_entry(const schema::Resource& resource, std::string_view stored_version) {
  doc::Object entry{{"name", resource.plural},
                    {"singularName", resource.singular},
                    {"namespaced", resource.namespaced},
                    {"kind", resource.kind},
                    {"verbs", texts(resource.verbs)}};
  if (!resource.short_names.empty()) entry.append("shortNames", texts(resource.short_names));
  if (!resource.categories.empty()) entry.append("categories", texts(resource.categories));
  if (!stored_version.empty()) {
    entry.append("storageVersionHash", storage_version_hash(resource.group, stored_version, resource.kind));
  }
  return entry;
}

doc::Object subresource_entry(const schema::Resource& resource, const schema::Subresource& subresource) {
  doc::Object entry{
      {"name", resource.plural + "/" + subresource.name}, {"singularName", ""}, {"namespaced", resource.namespaced}};
  if (subresource.group != resource.group || subresource.version != resource.version) {
    entry.append("group", subresource.group);
    entry.append("version", subresource.version);
  }
  entry.append("kind", subresource.kind);
  entry.append("verbs", texts(subresource.verbs));
  return entry;
}

// Reviews are answered, not kept.
bool is_kept(const schema::Resource& resource) {
  return std::ranges::find(resource.verbs, "list") != resource.verbs.end() &&
         std::ranges::find(resource.verbs, "create") != resource.verbs.end();
}

int nibble(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

}  // namespace

std::string storage_version_hash(std::string_view group, std::string_view version, std::string_view kind) {
  std::string name(group);
  name.append("/").append(version).append("/").append(kind);
  const std::string hex = core::Digest::of(name).hex();
  std::string bytes;
  for (std::size_t i = 0; i < 16; i += 2) bytes += static_cast<char>(nibble(hex[i]) << 4 | nibble(hex[i + 1]));
  return core::base64(bytes);
}

doc::Value api_versions(const Group* core, std::string_view server_address) {
  doc::Array versions;
  if (core) {
    for (const GroupVersion& version : core->versions) versions.emplace_back(version.version);
  }
  doc::Array addresses;
  if (!server_address.empty()) {
    addresses.emplace_back(doc::Object{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}});
  }
  return doc::Object{
      {"kind", "APIVersions"}, {"versions", std::move(versions)}, {"serverAddressByClientCIDRs", std::move(addresses)}};
}

doc::Value api_group_list(std::span<const Group> groups) {
  doc::Array entries;
  for (const Group& group : groups) {
    if (!group.name.empty()) entries.emplace_back(group_entry(group));
  }
  return doc::Object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(entries)}};
}

doc::Value api_group(const Group& group) {
  doc::Object out{{"kind", "APIGroup"}, {"apiVersion", "v1"}};
  for (auto& [key, value] : group_entry(group)) out.append(key, std::move(value));
  return out;
}

doc::Value api_resource_list(const GroupVersion& version,
                             const std::function<std::string(const schema::Resource&)>& stored_version) {
  doc::Array entries;
  for (const ResourcePtr& resource : version.resources) {
    entries.emplace_back(resource_entry(*resource, is_kept(*resource) ? stored_version(*resource) : std::string()));
    std::vector<const schema::Subresource*> subresources;
    for (const schema::Subresource& subresource : resource->subresources) subresources.push_back(&subresource);
    std::ranges::sort(subresources, {}, &schema::Subresource::name);
    for (const auto* subresource : subresources) entries.emplace_back(subresource_entry(*resource, *subresource));
  }
  // A server shows the list of the oldest group without apiVersion.
  doc::Object out{{"kind", "APIResourceList"}};
  if (!version.group.empty()) out.append("apiVersion", "v1");
  out.append("groupVersion", version.api_version());
  out.append("resources", std::move(entries));
  return out;
}

}  // namespace slipway::objects::discovery
