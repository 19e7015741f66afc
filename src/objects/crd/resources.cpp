#include <algorithm>
#include <charconv>

#include "core/text.hpp"
#include "objects/crd/compile.hpp"
#include "objects/crd/definition.hpp"

namespace slipway::objects::crd {

namespace {

// "v2beta1" is major 2, stage beta, minor 1.
struct Rank {
  int stage = -1;  // 2 general availability, 1 beta, 0 alpha, -1 none of those
  int major = 0;
  int minor = 0;
  auto operator<=>(const Rank&) const = default;
};

Rank rank_of(std::string_view name) {
  const auto number = [&](int& into) {
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), into);
    const bool good = error == std::errc() && core::is_digit(name.front());
    if (good) name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    return good;
  };
  Rank rank;
  if (!name.starts_with('v')) return {};
  name.remove_prefix(1);
  if (name.empty() || !number(rank.major)) return {};
  if (name.empty()) {
    rank.stage = 2;
    return rank;
  }
  const bool beta = name.starts_with("beta");
  if (!beta && !name.starts_with("alpha")) return {};
  name.remove_prefix(beta ? 4 : 5);
  if (name.empty() || !number(rank.minor) || !name.empty()) return {};
  rank.stage = beta ? 1 : 0;
  return rank;
}

std::shared_ptr<const schema::Custom> custom_of(const Definition& definition, const Version& version) {
  auto custom = std::make_shared<schema::Custom>();
  custom->definition = definition.name;
  custom->storage_version = definition.storage().name;
  custom->columns = version.columns;
  custom->has_status = version.has_status;
  custom->scale = version.scale;
  custom->selectable_fields = version.selectable_fields;
  custom->deprecated = version.deprecated;
  custom->deprecation_warning = version.deprecation_warning;
  custom->openapi_schema = version.openapi_schema;
  custom->conversion = definition.conversion;
  custom->keeps_old_versions = definition.keeps_old_versions;
  custom->is_bundled = definition.is_bundled;
  custom->types = version.compiled;
  return custom;
}

}  // namespace

bool is_preferred(std::string_view a, std::string_view b) {
  const Rank rank_a = rank_of(a);
  const Rank rank_b = rank_of(b);
  return rank_a != rank_b ? rank_a > rank_b : a < b;
}

std::vector<schema::Resource> resources_of(const Definition& definition, const Names* accepted) {
  const Names& names = accepted ? *accepted : definition.names;
  std::vector<schema::Resource> resources;
  for (const Version& version : definition.versions) {
    if (!version.served) continue;
    schema::Resource& resource = resources.emplace_back();
    resource.group = definition.group;
    resource.version = version.name;
    resource.kind = names.kind;
    resource.plural = names.plural;
    resource.singular = names.singular;
    resource.short_names = names.short_names;
    resource.categories = names.categories;
    resource.namespaced = definition.namespaced;
    resource.verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
    if (version.has_status)
      resource.subresources.push_back(
          {"status", definition.group, version.name, names.kind, {"get", "patch", "update"}});
    if (version.scale)
      resource.subresources.push_back({"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}});
    resource.type = &version.compiled->type();
    if (names.list_kind != names.kind + "List") resource.list_kind_name = names.list_kind;
    resource.custom = custom_of(definition, version);
  }
  std::ranges::stable_sort(resources, [](const schema::Resource& a, const schema::Resource& b) {
    return is_preferred(a.version, b.version);
  });
  return resources;
}

}  // namespace slipway::objects::crd
