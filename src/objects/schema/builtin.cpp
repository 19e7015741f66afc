#include "objects/schema/builtin.hpp"

#include <algorithm>
#include <cstdlib>

#include "objects/object.hpp"
#include "objects/schema/embedded.hpp"
#include "objects/schema/table.hpp"

namespace slipway::objects::schema {

namespace {

std::string joined(std::string_view group, std::string_view version, std::string_view last) {
  std::string key;
  key.reserve(group.size() + version.size() + last.size() + 2);
  return key.append(group).append("/").append(version).append("/").append(last);
}

}  // namespace

const Subresource* Resource::find_subresource(std::string_view wanted) const {
  const auto at = std::ranges::find(subresources, wanted, &Subresource::name);
  return at == subresources.end() ? nullptr : &*at;
}

Result<Registry> Registry::parse(std::string_view table, std::string_view descriptions) {
  Registry registry;
  TableParser parser(registry);
  TRY(parser.read_table(table));
  TRY(parser.read_descriptions(descriptions));
  for (std::size_t i = 0; i < registry.resources_.size(); ++i) {
    const Resource& resource = registry.resources_[i];
    registry.by_kind_.emplace(joined(resource.group, resource.version, resource.kind), i);
    registry.by_plural_.emplace(joined(resource.group, resource.version, resource.plural), i);
  }
  return registry;
}

const Resource* Registry::find(std::string_view group, std::string_view version, std::string_view kind) const {
  const auto at = by_kind_.find(joined(group, version, kind));
  return at == by_kind_.end() ? nullptr : &resources_[at->second];
}

const Resource* Registry::find_by_plural(std::string_view group, std::string_view version,
                                         std::string_view plural) const {
  const auto at = by_plural_.find(joined(group, version, plural));
  return at == by_plural_.end() ? nullptr : &resources_[at->second];
}

const Type* Registry::find_body(std::string_view api_version, std::string_view kind) const {
  const auto [group, version] = group_version_of(api_version);
  if (const Resource* resource = find(group, version, kind)) return resource->type;
  if (const auto at = bodies_.find(joined(group, version, kind)); at != bodies_.end()) return at->second;
  if (kind != "DeleteOptions" && kind != "Status") return nullptr;
  return bodies_.at(joined("", "v1", kind));
}

const Type* Registry::find_type(std::string_view full_name) const {
  const auto at = by_name_.find(full_name);
  return at == by_name_.end() ? nullptr : at->second;
}

const Registry& builtin() {
  static const Registry registry = [] {
    auto parsed = Registry::parse(embedded_table(), embedded_descriptions());
    if (!parsed) std::abort();  // the table is part of the program and of its tests
    return std::move(*parsed);
  }();
  return registry;
}

}  // namespace slipway::objects::schema
