#pragma once
// Resource: one kind in one version, as an API server serves it: what discovery tells of it, the type of its fields,
// its subresources. Built-in kinds come from the generated table (builtin.hpp); a CustomResourceDefinition gives one
// for each version that it serves, with `custom` set. Values, immutable once made.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/schema/schema.hpp"

namespace slipway::objects::schema {

struct Subresource {
  std::string name;                  // "scale"
  std::string group, version, kind;  // of its body: "autoscaling", "v1", "Scale"
  std::vector<std::string> verbs;
};

// additionalPrinterColumns of a CustomResourceDefinition.
struct PrinterColumn {
  std::string name;    // "Phase"
  std::string type;    // integer, number, string, boolean, date
  std::string format;  // may be empty
  std::string description;
  int priority = 0;       // above 0: only in wide output
  std::string json_path;  // ".status.phase"
};

// Where the scale subresource of a custom resource reads and writes.
struct ScalePaths {
  std::string spec_replicas;    // ".spec.replicas"
  std::string status_replicas;  // ".status.replicas"
  std::string label_selector;   // ".status.selector"; may be empty
};

// Keeps the types of a CustomResourceDefinition's version alive.
class TypeOwner {
 public:
  virtual ~TypeOwner() = default;
};

// What a CustomResourceDefinition says of a kind in one version beyond what every kind has.
struct Custom {
  std::string definition;  // "virtualservices.networking.istio.io"
  std::string storage_version;
  std::vector<PrinterColumn> columns;  // as written; without any there is an Age column
  bool has_status = false;
  std::optional<ScalePaths> scale;
  std::vector<std::string> selectable_fields;  // ".spec.color"
  bool deprecated = false;
  std::string deprecation_warning;  // the whole sentence of the Warning header; empty: the usual one
  doc::Value openapi_schema;        // openAPIV3Schema as written, for OpenAPI documents and explain; may be null
  // spec.conversion.webhook: clientConfig and conversionReviewVersions. Null: versions differ in their names alone.
  doc::Value conversion;
  bool keeps_old_versions = false;  // objects may be kept in a version that was the stored one before
  bool is_bundled = false;          // it came with the program, and nobody has replaced it
  std::shared_ptr<const TypeOwner> types;
};

struct Resource {
  std::string group;  // "" for core
  std::string version;
  std::string kind;
  std::string plural;
  std::string singular;  // may be empty
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  std::vector<std::string> verbs;  // reviews have only "create"
  std::vector<Subresource> subresources;
  const Type* type = nullptr;            // never null in a catalog
  std::string list_kind_name;            // empty: KIND + "List"
  std::shared_ptr<const Custom> custom;  // null for built-in kinds

  std::string list_kind() const { return list_kind_name.empty() ? kind + "List" : list_kind_name; }
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  bool is_custom() const { return custom != nullptr; }
  bool is(std::string_view of_group, std::string_view of_kind) const { return group == of_group && kind == of_kind; }
  const Subresource* find_subresource(std::string_view name) const;
};

}  // namespace slipway::objects::schema
