#include "objects/discovery/aggregated.hpp"

namespace slipway::objects::discovery {
namespace {

doc::Array texts(const std::vector<std::string>& from) { return {from.begin(), from.end()}; }

doc::Object kind_entry(std::string_view group, std::string_view version, std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

doc::Object resource_entry(const schema::Resource& resource) {
  doc::Object entry{{"resource", resource.plural},
                    {"responseKind", kind_entry(resource.group, resource.version, resource.kind)},
                    {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
                    {"singularResource", resource.singular},
                    {"verbs", texts(resource.verbs)}};
  if (!resource.short_names.empty()) entry.append("shortNames", texts(resource.short_names));
  if (!resource.categories.empty()) entry.append("categories", texts(resource.categories));
  doc::Array subresources;
  for (const schema::Subresource& subresource : resource.subresources) {
    subresources.emplace_back(
        doc::Object{{"subresource", subresource.name},
                    {"responseKind", kind_entry(subresource.group, subresource.version, subresource.kind)},
                    {"verbs", texts(subresource.verbs)}});
  }
  if (!subresources.empty()) entry.append("subresources", std::move(subresources));
  return entry;
}

doc::Object group_entry(const Group& group) {
  doc::Object metadata;
  if (!group.name.empty()) metadata.append("name", group.name);
  metadata.append("creationTimestamp", nullptr);
  doc::Array versions;
  for (const GroupVersion& version : group.versions) {
    doc::Array resources;
    for (const ResourcePtr& resource : version.resources) resources.emplace_back(resource_entry(*resource));
    doc::Object entry{{"version", version.version}};
    entry.append("resources", std::move(resources));
    entry.append("freshness", "Current");
    versions.emplace_back(std::move(entry));
  }
  doc::Object entry{{"metadata", std::move(metadata)}};
  entry.append("versions", std::move(versions));
  return entry;
}

}  // namespace

doc::Value aggregated(std::span<const Group> groups, std::string_view version) {
  doc::Array items;
  for (const Group& group : groups) items.emplace_back(group_entry(group));
  doc::Object out{{"kind", "APIGroupDiscoveryList"},
                  {"apiVersion", "apidiscovery.k8s.io/" + std::string(version)},
                  {"metadata", doc::Object()}};
  out.append("items", std::move(items));
  return out;
}

}  // namespace slipway::objects::discovery
