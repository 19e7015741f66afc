#pragma once
// Definition: what a CustomResourceDefinition (apiextensions.k8s.io/v1) says, read and checked as a Kubernetes API
// server does, and the resources that it makes. Pure; safe from any thread. Not for storing, serving or discovery.

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "objects/schema/resource.hpp"
#include "objects/validation/problem.hpp"

namespace slipway::objects::crd {

class CompiledSchema;

struct Names {
  std::string plural, singular, kind, list_kind;
  std::vector<std::string> short_names, categories;
  bool operator==(const Names&) const = default;
};
// spec.names or status.acceptedNames, with the defaults of singular and listKind.
Names names_of(const doc::Value& names);
doc::Value document_of(const Names& names);  // without what is empty

struct Version {
  std::string name;
  bool served = false;
  bool storage = false;
  bool deprecated = false;
  std::string deprecation_warning;
  std::vector<schema::PrinterColumn> columns;
  bool has_status = false;
  std::optional<schema::ScalePaths> scale;
  std::vector<std::string> selectable_fields;  // ".spec.color"
  doc::Value openapi_schema;
  std::shared_ptr<const CompiledSchema> compiled;  // versions with the same schema share it
};

struct Definition {
  std::string name;  // "virtualservices.networking.istio.io"
  std::string group;
  Names names;
  bool namespaced = true;
  std::vector<Version> versions;      // as written; exactly one has `storage`
  std::vector<std::string> warnings;  // for Warning headers: formats nobody checks
  doc::Value conversion;              // spec.conversion.webhook, when that is the strategy; null otherwise
  bool keeps_old_versions = false;    // objects may be kept in another version, which was the stored one before
  bool is_bundled = false;            // it came with the program (bundled.hpp)
  const Version& storage() const;
};

struct ReadOptions {
  // Groups without a dot are allowed: "openslo". For definitions that come with the program.
  bool bundled = false;
  // What is stored, before an update: what must not change, and which versions objects are stored in.
  const doc::Value* old = nullptr;
};

// All problems at once. The paths are those of an API server, which speaks of spec.validation, spec.subresources, ...
// where all versions say the same. Rules that do not compile are problems.
std::expected<Definition, validation::Problems> read_definition(const doc::Value& crd, const ReadOptions& options = {});
// The same with the refusal of the whole object (validation/problem.hpp: invalid_error).
Result<Definition> parse_definition(const doc::Value& crd, const ReadOptions& options = {});

// One for each served version, the preferred one (v2, v1, v1beta1, v1alpha1) first; the types live as long as `custom`.
// `names`: those that were accepted (status.hpp); nullptr: those that were asked for.
std::vector<schema::Resource> resources_of(const Definition& definition, const Names* names = nullptr);

// Whether version `a` is preferred over `b`: general availability before beta before alpha, newer before older.
bool is_preferred(std::string_view a, std::string_view b);

}  // namespace slipway::objects::crd
