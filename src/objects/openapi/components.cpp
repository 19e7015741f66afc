#include "objects/openapi/components.hpp"

#include <algorithm>

#include "objects/openapi/builtin_schema.hpp"
#include "objects/openapi/custom_schema.hpp"

namespace slipway::objects::openapi {
namespace {

constexpr std::string_view meta_package = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr std::string_view kinds_key = "x-kubernetes-group-version-kind";

std::string meta_name(std::string_view name) { return std::string(meta_package).append(name); }

doc::Value reference_to(std::string_view name) {
  return doc::Object{{"$ref", std::string(reference_prefix).append(name)}};
}

std::string reversed_group(std::string_view group) {
  std::string out;
  while (true) {
    const std::size_t dot = group.rfind('.');
    out.append(group.substr(dot + 1));
    if (dot == std::string_view::npos) return out;
    out += '.';
    group = group.substr(0, dot);
  }
}

doc::Value list_schema(const doc::Value& item, const doc::Value& metadata, const GroupVersionKind& kind) {
  doc::Object items{{"type", "array"}, {"description", "The objects."}};
  items.append("items", item);
  const auto text = [](std::string_view field) {
    return doc::Value(doc::Object{{"type", "string"}, {"description", common_description(field)}});
  };
  return doc::Object{
      {"type", "object"},
      {"description", "A list of objects."},
      {"properties",
       doc::Object{{"apiVersion", text("apiVersion")},
                   {"items", std::move(items)},
                   {"kind", text("kind")},
                   {"metadata", doc::Object{{"allOf", doc::Array{metadata}}, {"description", "Of the list itself."}}}}},
      {"required", doc::Array{"items"}},
      {std::string(kinds_key), doc::Array{kind.value()}},
  };
}

}  // namespace

doc::Value GroupVersionKind::value() const {
  return doc::Object{{"group", group}, {"version", version}, {"kind", kind}};
}

std::string custom_schema_name(const schema::Resource& resource) {
  return reversed_group(resource.group).append(".").append(resource.version).append(".").append(resource.kind);
}

Components::Components(const schema::Registry& registry) : registry_(registry) {
  const auto note = [this](const schema::Type* type, GroupVersionKind kind) {
    if (!type) return;
    auto& kinds = kinds_[type];
    if (std::ranges::find(kinds, kind.kind, &GroupVersionKind::kind) == kinds.end()) kinds.push_back(std::move(kind));
  };
  for (const schema::Resource& resource : registry.resources()) {
    note(resource.type, {resource.group, resource.version, resource.kind});
    for (const schema::Subresource& body : resource.subresources) {
      const std::string api_version = body.group.empty() ? body.version : body.group + "/" + body.version;
      note(registry.find_body(api_version, body.kind), {body.group, body.version, body.kind});
    }
  }
  for (const std::string_view kind : {"DeleteOptions", "Status"}) {
    note(registry.find_type(meta_name(kind)), {"", "v1", std::string(kind)});
  }
}

doc::Value Components::refer(const schema::Type& named) {
  if (known_.insert(named.name).second) pending_.push_back(&named);
  return reference_to(named.name);
}

doc::Value Components::refer(const schema::Resource& resource) {
  if (!resource.is_custom()) return refer(*resource.type);
  const std::string name = custom_schema_name(resource);
  if (known_.insert(name).second) add_custom(resource, name);
  return reference_to(name);
}

doc::Value Components::refer_list(const schema::Resource& resource) {
  std::string name = resource.is_custom() ? custom_schema_name(resource) : resource.type->name;
  name.resize(name.rfind('.') + 1);
  name += resource.list_kind();
  if (known_.insert(name).second) {
    const schema::Type* metadata = registry_.find_type(meta_name("ListMeta"));
    schemas_.emplace(name, list_schema(refer(resource), metadata ? refer(*metadata) : doc::Value(doc::Object()),
                                       {resource.group, resource.version, resource.list_kind()}));
  }
  return reference_to(name);
}

doc::Value Components::refer_body(const GroupVersionKind& kind) {
  const std::string api_version = kind.group.empty() ? kind.version : kind.group + "/" + kind.version;
  const schema::Type* type = registry_.find_body(api_version, kind.kind);
  return type ? refer(*type) : doc::Value();
}

doc::Value Components::refer_patch() {
  std::string name = meta_name("Patch");
  if (known_.insert(name).second) {
    schemas_.emplace(name, doc::Object{{"type", "object"}, {"description", "A patch, as its media type says."}});
  }
  return reference_to(name);
}

void Components::add_custom(const schema::Resource& resource, const std::string& name) {
  const schema::Type* metadata = registry_.find_type(meta_name("ObjectMeta"));
  doc::Object schema = custom_schema(resource.custom->openapi_schema,
                                     metadata ? refer(*metadata) : doc::Value(doc::Object{{"type", "object"}}));
  const GroupVersionKind kind{resource.group, resource.version, resource.kind};
  schema.set(kinds_key, doc::Array{kind.value()});
  schemas_.emplace(name, std::move(schema));
}

void Components::render(const schema::Type& type) {
  doc::Object schema = builtin_schema(type, [this](const schema::Type& other) { return refer(other); });
  if (const auto at = kinds_.find(&type); at != kinds_.end()) {
    doc::Array kinds;
    for (const GroupVersionKind& kind : at->second) kinds.push_back(kind.value());
    schema.append(std::string(kinds_key), std::move(kinds));
  }
  schemas_.emplace(type.name, std::move(schema));
}

doc::Object Components::take() {
  while (!pending_.empty()) {
    const schema::Type* type = pending_.front();
    pending_.pop_front();
    render(*type);
  }
  doc::Object out;
  for (auto& [name, schema] : schemas_) out.append(name, std::move(schema));
  return out;
}

}  // namespace slipway::objects::openapi
