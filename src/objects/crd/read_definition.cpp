#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "core/text.hpp"
#include "objects/crd/compile.hpp"
#include "objects/crd/definition.hpp"
#include "objects/crd/formats.hpp"
#include "objects/crd/spec_checks.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

std::vector<std::string> texts(const doc::Value& list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) all.push_back(list[i].string_or(""));
  return all;
}

// Formats that nobody checks, in the order of the schema.
void find_unknown_formats(const doc::Value& schema, std::vector<std::string>& found) {
  if (!schema.is_object()) return;
  const std::string format = schema["format"].string_or("");
  if (!format.empty() && schema["type"].string_or("") == "string" && !find_format(format)) {
    std::string warning = "unrecognized format \"" + format + "\"";
    if (std::ranges::find(found, warning) == found.end()) found.push_back(std::move(warning));
  }
  for (const char* one : {"items", "additionalProperties", "not"}) find_unknown_formats(schema[one], found);
  for (const char* list : {"allOf", "anyOf", "oneOf"}) {
    for (std::size_t i = 0; schema[list].is_array() && i < schema[list].size(); ++i)
      find_unknown_formats(schema[list][i], found);
  }
  if (!schema["properties"].is_object()) return;
  for (const auto& [name, property] : schema["properties"].as_object()) find_unknown_formats(property, found);
}

class Reader {
 public:
  Reader(const doc::Value& crd, const ReadOptions& options)
      : crd_(crd), spec_(crd["spec"]), options_(options), parts_(SpecParts::of(crd["spec"])) {}

  std::expected<Definition, Problems> run() {
    definition_.group = spec_["group"].string_or("");
    definition_.names = names_of(spec_["names"]);
    definition_.name = crd_["metadata"]["name"].string_or("");
    definition_.namespaced = spec_["scope"].string_or("") != "Cluster";
    check_metadata();
    check_group_and_scope();
    check_presence_of_schemas();
    read_versions();
    add(check_versions(spec_["versions"]));
    add(check_names(spec_["names"], definition_.names));
    check_shared_parts();
    add(check_conversion(spec_));
    if (options_.old) add(check_update(crd_, *options_.old));
    check_approval();
    if (spec_["preserveUnknownFields"].bool_or(false)) {
      problems_.push_back(validation::invalid(
          "spec.preserveUnknownFields", true,
          "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"));
    }
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    const auto& conversion = spec_["conversion"];
    if (conversion["strategy"].string_or("None") == "Webhook") definition_.conversion = conversion["webhook"];
    return std::move(definition_);
  }

 private:
  void add(Problems more) { std::ranges::move(more, std::back_inserter(problems_)); }

  void check_metadata() {
    validation::Report report;
    const validation::At crd(crd_, report);
    constexpr auto finalizers = validation::FinalizerNames::qualified;
    validation::validate_metadata(crd["metadata"], false, validation::dns1123_subdomain, finalizers);
    if (options_.old) {
      const auto before = crd["metadata"].with((*options_.old)["metadata"]);
      validation::validate_metadata_update(crd["metadata"], before, finalizers);
    }
    if (definition_.name != definition_.names.plural + "." + definition_.group)
      crd["metadata"]["name"].invalid(doc::Value(definition_.name), "must be spec.names.plural+\".\"+spec.group");
    add(std::move(report.problems));
  }

  void check_group_and_scope() {
    const std::string& group = definition_.group;
    if (group.empty()) {
      problems_.push_back(validation::required("spec.group"));
    } else if (const std::string complaints = joined(validation::dns1123_subdomain(group)); !complaints.empty()) {
      problems_.push_back(validation::invalid("spec.group", group, complaints));
    } else if (!options_.bundled && group.find('.') == std::string::npos) {
      problems_.push_back(validation::invalid("spec.group", group, "should be a domain with at least one dot"));
    }
    constexpr std::array<std::string_view, 2> scopes{"Cluster", "Namespaced"};
    const std::string scope = spec_["scope"].string_or("");
    if (scope.empty()) {
      problems_.push_back(validation::required("spec.scope"));
    } else if (std::ranges::find(scopes, scope) == scopes.end()) {
      problems_.push_back(validation::not_supported("spec.scope", scope, scopes));
    }
  }

  void check_presence_of_schemas() {
    const doc::Value& versions = spec_["versions"];
    for (std::size_t i = 0; i < versions.size(); ++i) {
      if (!versions[i]["schema"]["openAPIV3Schema"].is_object()) {
        problems_.push_back(validation::required("spec.versions[" + std::to_string(i) + "].schema.openAPIV3Schema"));
      }
    }
  }

  void read_versions() {
    const doc::Value& versions = spec_["versions"];
    for (std::size_t i = 0; versions.is_array() && i < versions.size(); ++i) {
      const std::string at = "spec.versions[" + std::to_string(i) + "]";
      const doc::Value& given = versions[i];
      Version& version = definition_.versions.emplace_back();
      read_version(version, given);
      if (const std::string complaints = joined(validation::dns1035_label(version.name)); !complaints.empty())
        problems_.push_back(validation::invalid(at + ".name", version.name, complaints));
      add(check_deprecation(given, at));
      compile_schema(version, i);
      if (!parts_.same_schema) check_schema_of(version, at + ".schema", version.has_status);
      if (!parts_.same_subresources) add(check_subresources(given["subresources"], at + ".subresources"));
      if (!parts_.same_columns) add(check_columns(given["additionalPrinterColumns"], at + ".additionalPrinterColumns"));
      if (!parts_.same_selectable) check_selectable(version, at + ".selectableFields");
    }
  }

  static void read_version(Version& version, const doc::Value& given) {
    version.name = given["name"].string_or("");
    version.served = given["served"].bool_or(false);
    version.storage = given["storage"].bool_or(false);
    version.deprecated = given["deprecated"].bool_or(false);
    version.deprecation_warning = given["deprecationWarning"].string_or("");
    version.openapi_schema = given["schema"]["openAPIV3Schema"];
    const doc::Value& columns = given["additionalPrinterColumns"];
    for (std::size_t i = 0; columns.is_array() && i < columns.size(); ++i) {
      const doc::Value& column = columns[i];
      version.columns.push_back({column["name"].string_or(""), column["type"].string_or(""),
                                 column["format"].string_or(""), column["description"].string_or(""),
                                 static_cast<int>(column["priority"].int_or(0)), column["jsonPath"].string_or("")});
    }
    const doc::Value& subresources = given["subresources"];
    version.has_status = subresources["status"].is_object();
    if (const doc::Value& scale = subresources["scale"]; scale.is_object()) {
      version.scale =
          schema::ScalePaths{scale["specReplicasPath"].string_or(""), scale["statusReplicasPath"].string_or(""),
                             scale["labelSelectorPath"].string_or("")};
    }
    const doc::Value& selectable = given["selectableFields"];
    for (std::size_t i = 0; selectable.is_array() && i < selectable.size(); ++i)
      version.selectable_fields.push_back(selectable[i]["jsonPath"].string_or(""));
  }

  void compile_schema(Version& version, std::size_t index) {
    for (std::size_t i = 0; i < index; ++i) {
      if (definition_.versions[i].openapi_schema == version.openapi_schema) {
        version.compiled = definition_.versions[i].compiled;
        return;
      }
    }
    version.compiled = compile(version.openapi_schema);
    find_unknown_formats(version.openapi_schema, definition_.warnings);
  }

  void check_schema_of(const Version& version, const std::string& at, bool has_status) {
    if (!version.openapi_schema.is_object()) return;
    add(check_schema(version.openapi_schema, at + ".openAPIV3Schema", has_status, *version.compiled, options_.bundled));
  }

  void check_selectable(const Version& version, const std::string& at) {
    if (version.selectable_fields.empty()) return;
    if (version.openapi_schema.is_object()) {
      add(check_selectable_fields(version.selectable_fields, version.compiled->root(), at));
    } else {
      problems_.push_back(validation::invalid(
          at, "",
          parts_.same_selectable ? "may only be set when validations.schema is included"
                                 : "may only be set when `version.schema.openAPIV3Schema` is not included"));
    }
  }

  // What all versions have in common, an API server keeps and checks once.
  void check_shared_parts() {
    if (definition_.versions.empty()) return;
    const Version& first = definition_.versions.front();
    const doc::Value& given = spec_["versions"][std::size_t{0}];
    const bool any_status = std::ranges::any_of(definition_.versions, &Version::has_status);
    if (parts_.same_schema) check_schema_of(first, "spec.validation", any_status);
    if (parts_.same_subresources) add(check_subresources(given["subresources"], "spec.subresources"));
    if (parts_.same_columns) add(check_columns(given["additionalPrinterColumns"], "spec.additionalPrinterColumns"));
    if (parts_.same_selectable) check_selectable(first, "spec.selectableFields");
  }

  // Groups of Kubernetes itself want to be approved of.
  void check_approval() {
    const std::string& group = definition_.group;
    constexpr std::string_view key = "api-approved.kubernetes.io";
    const auto within = [&](std::string_view domain) {
      return group == domain || group.ends_with("." + std::string(domain));
    };
    if (!within("k8s.io") && !within("kubernetes.io")) return;
    const std::string approval = crd_["metadata"]["annotations"][key].string_or("");
    if (options_.old && (*options_.old)["metadata"]["annotations"][key].string_or("") == approval) return;
    const std::string field = "metadata.annotations[" + std::string(key) + "]";
    const std::string wanted = "protected groups must have approval annotation \"" + std::string(key) + "\"";
    const std::string see = ", see https://github.com/kubernetes/enhancements/pull/1111";
    const std::size_t scheme = approval.find("://");
    if (approval.empty()) {
      problems_.push_back(validation::required(field, wanted + see));
    } else if (!approval.starts_with("unapproved") &&
               (scheme == std::string::npos || scheme == 0 || scheme + 3 >= approval.size())) {
      problems_.push_back(validation::invalid(
          field, approval, wanted + " with either a URL or a reason starting with \"unapproved\"" + see));
    }
  }

  const doc::Value& crd_;
  const doc::Value& spec_;
  const ReadOptions& options_;
  SpecParts parts_;
  Definition definition_;
  Problems problems_;
};

}  // namespace

Names names_of(const doc::Value& names) {
  Names read;
  read.plural = names["plural"].string_or("");
  read.kind = names["kind"].string_or("");
  read.singular = names["singular"].string_or("");
  read.list_kind = names["listKind"].string_or("");
  if (read.singular.empty()) read.singular = core::in_lower(read.kind);
  if (read.list_kind.empty() && !read.kind.empty()) read.list_kind = read.kind + "List";
  read.short_names = texts(names["shortNames"]);
  read.categories = texts(names["categories"]);
  return read;
}

doc::Value document_of(const Names& names) {
  doc::Object document;
  const auto put_list = [&](const char* key, const std::vector<std::string>& list) {
    if (list.empty()) return;
    doc::Array array(list.begin(), list.end());
    document.set(key, std::move(array));
  };
  const auto put = [&](const char* key, const std::string& text) {
    if (!text.empty()) document.set(key, text);
  };
  put_list("categories", names.categories);
  document.set("kind", names.kind);
  put("listKind", names.list_kind);
  document.set("plural", names.plural);
  put_list("shortNames", names.short_names);
  put("singular", names.singular);
  return document;
}

const Version& Definition::storage() const { return *std::ranges::find_if(versions, &Version::storage); }

std::expected<Definition, Problems> read_definition(const doc::Value& crd, const ReadOptions& options) {
  return Reader(crd, options).run();
}

Result<Definition> parse_definition(const doc::Value& crd, const ReadOptions& options) {
  auto read = read_definition(crd, options);
  if (read) return std::move(*read);
  return fail(validation::invalid_error("apiextensions.k8s.io", "CustomResourceDefinition",
                                        crd["metadata"]["name"].string_or(""), read.error()));
}

}  // namespace slipway::objects::crd
