// The rules and sentences are those of k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation.

#include "objects/crd/spec_checks.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "core/text.hpp"
#include "objects/crd/openapi.hpp"
#include "objects/crd/rules.hpp"
#include "objects/crd/status.hpp"
#include "objects/crd/structural.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

std::string text(const doc::Value& value, std::string_view key) { return value[key].string_or(""); }

// A path in dots; anything more is not looked at.
bool check_path(Problems& problems, const std::string& field, const std::string& path) {
  if (path.starts_with('.')) return true;
  problems.push_back(validation::invalid(field, path, "must be a simple json path starting with ."));
  return false;
}

// What may stand beside `properties` where the status is checked without its surroundings.
constexpr std::array<std::string_view, 22> root_fields{"Description",
                                                       "Type",
                                                       "Format",
                                                       "Title",
                                                       "Maximum",
                                                       "ExclusiveMaximum",
                                                       "Minimum",
                                                       "ExclusiveMinimum",
                                                       "MaxLength",
                                                       "MinLength",
                                                       "Pattern",
                                                       "MaxItems",
                                                       "MinItems",
                                                       "UniqueItems",
                                                       "MultipleOf",
                                                       "Required",
                                                       "Items",
                                                       "Properties",
                                                       "ExternalDocs",
                                                       "Example",
                                                       "XPreserveUnknownFields",
                                                       "XValidations"};

bool may_stand_at_root(std::string_view key) {
  if (key == "x-kubernetes-preserve-unknown-fields" || key == "x-kubernetes-validations") return true;
  return std::ranges::any_of(root_fields, [&](std::string_view name) {
    return core::lower(name.front()) == key.front() && name.substr(1) == key.substr(1);
  });
}

bool is_zero(const doc::Value& value) {
  return value.is_null() || (value.is_bool() && !value.as_bool()) || (value.is_string() && value.as_string().empty()) ||
         (value.is_array() && value.size() == 0);
}

void check_root(Problems& problems, const doc::Value& schema, const std::string& at) {
  for (const auto& [key, value] : schema.as_object()) {
    if (is_zero(value) || may_stand_at_root(key)) continue;
    std::string names;
    for (const std::string_view name : root_fields) names.append(names.empty() ? "" : " ").append(name);
    problems.push_back(validation::invalid(
        at, schema,
        "only [" + names + "] fields are allowed at the root of the schema if the status subresource is enabled"));
    return;
  }
  const std::string type = text(schema, "type");
  if (!type.empty() && type != "object") {
    problems.push_back(validation::invalid(
        at + ".type", type,
        "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled"));
  }
}

}  // namespace

SpecParts SpecParts::of(const doc::Value& spec) {
  SpecParts parts;
  const doc::Value& versions = spec["versions"];
  for (std::size_t i = 1; versions.is_array() && i < versions.size(); ++i) {
    const doc::Value& first = versions[std::size_t{0}];
    parts.same_schema &= versions[i]["schema"] == first["schema"];
    parts.same_subresources &= versions[i]["subresources"] == first["subresources"];
    parts.same_columns &= versions[i]["additionalPrinterColumns"] == first["additionalPrinterColumns"];
    parts.same_selectable &= versions[i]["selectableFields"] == first["selectableFields"];
  }
  return parts;
}

std::string joined(const validation::Complaints& complaints) {
  std::string all;
  for (const std::string& one : complaints) all += (all.empty() ? "" : ",") + one;
  return all;
}

Problems check_names(const doc::Value& names, const Names& with_defaults) {
  Problems problems;
  const std::string at = "spec.names.";
  const auto field = [&](const char* key, const std::string& value, bool mixed_case) {
    if (value.empty()) return;
    std::string complaints = joined(validation::dns1035_label(mixed_case ? core::in_lower(value) : value));
    if (complaints.empty()) return;
    if (mixed_case) complaints.insert(0, "may have mixed case, but should otherwise match: ");
    problems.push_back(validation::invalid(at + key, value, complaints));
  };
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"plural", with_defaults.plural},
                                   {"singular", with_defaults.singular},
                                   {"kind", with_defaults.kind},
                                   {"listKind", with_defaults.list_kind}}) {
    if (value.empty()) problems.push_back(validation::required(at + key));
  }
  field("plural", with_defaults.plural, false);
  field("singular", with_defaults.singular, false);
  field("kind", with_defaults.kind, true);
  field("listKind", with_defaults.list_kind, true);
  const auto list = [&](const char* key, const std::vector<std::string>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string complaints = joined(validation::dns1035_label(values[i]));
      if (complaints.empty()) continue;
      problems.push_back(validation::invalid(at + key + "[" + std::to_string(i) + "]", values[i], complaints));
    }
  };
  list("shortNames", with_defaults.short_names);
  if (!with_defaults.kind.empty() && text(names, "listKind") == with_defaults.kind)
    problems.push_back(
        validation::invalid(at + "listKind", with_defaults.kind, "kind and listKind may not be the same"));
  list("categories", with_defaults.categories);
  return problems;
}

Problems check_versions(const doc::Value& versions) {
  Problems problems;
  std::set<std::string> names;
  int stored = 0;
  for (std::size_t i = 0; versions.is_array() && i < versions.size(); ++i) {
    names.insert(text(versions[i], "name"));
    if (versions[i]["storage"].bool_or(false)) ++stored;
  }
  const doc::Value given = versions.is_null() ? doc::Value(doc::Array()) : versions;
  if (names.size() != versions.size())
    problems.push_back(validation::invalid("spec.versions", given, "must contain unique version names"));
  if (stored != 1) {
    problems.push_back(
        validation::invalid("spec.versions", given, "must have exactly one version marked as storage version"));
  }
  return problems;
}

Problems check_deprecation(const doc::Value& version, const std::string& at) {
  const doc::Value& warning = version["deprecationWarning"];
  if (!warning.is_string()) return {};
  Problems problems;
  const auto invalid = [&](std::string sentence) {
    problems.push_back(validation::invalid(at + ".deprecationWarning", warning, std::move(sentence)));
  };
  if (!version["deprecated"].bool_or(false)) {
    invalid("can only be set for deprecated versions");
    return problems;
  }
  const std::string& said = warning.as_string();
  if (said.size() > 256) invalid("must be <= 256 characters long");
  if (said.empty()) invalid("must not be an empty string");
  const auto control = std::ranges::find_if(
      said, [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f; });
  if (control != said.end()) {
    invalid("must only contain printable UTF-8 characters; non-printable character found at index " +
            std::to_string(control - said.begin()));
  }
  return problems;
}

Problems check_subresources(const doc::Value& subresources, const std::string& at) {
  Problems problems;
  const doc::Value& scale = subresources["scale"];
  if (!scale.is_object()) return problems;
  const auto check = [&](const char* key, std::initializer_list<std::string_view> below, const char* sentence,
                         bool needed) {
    const std::string path = text(scale, key);
    const std::string field = at + ".scale." + key;
    if (path.empty()) {
      if (needed) problems.push_back(validation::required(field));
    } else if (check_path(problems, field, path) &&
               std::ranges::none_of(below, [&](std::string_view root) { return path.starts_with(root); })) {
      problems.push_back(validation::invalid(field, path, sentence));
    }
  };
  check("specReplicasPath", {".spec."}, "should be a json path under .spec", true);
  check("statusReplicasPath", {".status."}, "should be a json path under .status", true);
  check("labelSelectorPath", {".spec.", ".status."}, "should be a json path under either .spec or .status", false);
  return problems;
}

Problems check_columns(const doc::Value& columns, const std::string& at) {
  constexpr std::array<std::string_view, 5> types{"boolean", "date", "integer", "number", "string"};
  constexpr std::array<std::string_view, 8> formats{"byte",  "date",  "date-time", "double",
                                                    "float", "int32", "int64",     "password"};
  const auto one_of = [](std::span<const std::string_view> known) {
    std::string all;
    for (const std::string_view one : known) all.append(all.empty() ? "must be one of " : ",").append(one);
    return all;
  };
  Problems problems;
  for (std::size_t i = 0; columns.is_array() && i < columns.size(); ++i) {
    const std::string column = at + "[" + std::to_string(i) + "].";
    const std::string type = text(columns[i], "type");
    const std::string format = text(columns[i], "format");
    const std::string path = text(columns[i], "jsonPath");
    if (text(columns[i], "name").empty()) problems.push_back(validation::required(column + "name"));
    if (type.empty()) {
      problems.push_back(validation::required(column + "type", one_of(types)));
    } else if (std::ranges::find(types, type) == types.end()) {
      problems.push_back(validation::invalid(column + "type", type, one_of(types)));
    }
    if (!format.empty() && std::ranges::find(formats, format) == formats.end())
      problems.push_back(validation::invalid(column + "format", format, one_of(formats)));
    if (path.empty()) {
      problems.push_back(validation::required(column + "JSONPath"));
    } else {
      check_path(problems, column + "JSONPath", path);
    }
  }
  return problems;
}

Problems check_selectable_fields(const std::vector<std::string>& fields, const Node& root, const std::string& at) {
  constexpr std::int64_t most = 8;
  Problems problems;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string field = at + "[" + std::to_string(i) + "].jsonPath";
    const std::string& path = fields[i];
    if (path.empty()) {
      problems.push_back(validation::required(field));
      continue;
    }
    const FieldPath found = find_field(root, path, false);
    if (!found.mistake.empty()) {
      problems.push_back(validation::invalid(field, path, "is an invalid path: " + found.mistake));
      continue;
    }
    if (found.text == "metadata" || found.text.starts_with("metadata.") || found.text.starts_with("metadata["))
      problems.push_back(validation::invalid(field, path, "must not point to fields in metadata"));
    const std::string type = found.node->type_name();
    if (type != "string" && type != "boolean" && type != "integer") {
      problems.push_back(validation::invalid(field, path,
                                             "must point to a field of type string, boolean or integer. Enum string "
                                             "fields and strings with formats are allowed."));
    }
    if (!seen.insert(found.text).second) problems.push_back(validation::duplicate(field, path));
  }
  if (static_cast<std::int64_t>(seen.size()) > most)
    problems.push_back(validation::too_many(at, static_cast<std::int64_t>(seen.size()), most));
  return problems;
}

Problems check_update(const doc::Value& crd, const doc::Value& old) {
  Problems problems;
  const auto must_stay = [&](const doc::Value& now, const doc::Value& before, const char* field) {
    if (!(now == before)) problems.push_back(validation::invalid(field, now, "field is immutable"));
  };
  const doc::Value& spec = crd["spec"];
  const doc::Value& old_spec = old["spec"];
  if (is_established(old)) {
    must_stay(spec["scope"], old_spec["scope"], "spec.scope");
    must_stay(spec["names"]["kind"], old_spec["names"]["kind"], "spec.names.kind");
  }
  must_stay(spec["group"], old_spec["group"], "spec.group");
  must_stay(spec["names"]["plural"], old_spec["names"]["plural"], "spec.names.plural");
  const std::vector<std::string> stored = stored_versions_of(spec, old);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const doc::Value& versions = spec["versions"];
    const bool known = versions.is_array() && std::ranges::any_of(versions.as_array(), [&](const doc::Value& version) {
                         return text(version, "name") == stored[i];
                       });
    if (known) continue;
    problems.push_back(validation::invalid(
        "status.storedVersions[" + std::to_string(i) + "]", stored[i],
        "missing from spec.versions; " + stored[i] +
            " was previously a storage version, and must remain in spec.versions until a storage migration ensures no "
            "data remains persisted in " +
            stored[i] + " and removes " + stored[i] + " from status.storedVersions"));
  }
  return problems;
}

Problems check_schema(const doc::Value& schema, const std::string& at, bool has_status, const CompiledSchema& compiled,
                      bool bundled) {
  Problems problems;
  if (has_status) check_root(problems, schema, at);
  if (schema["nullable"].bool_or(false))
    problems.push_back(validation::forbidden(at + ".nullable", "nullable cannot be true at the root"));
  const std::string without_structure = what_has_no_structure(schema);
  Problems found;
  if (without_structure.empty()) found = check_structural(schema, at, bundled);
  if (without_structure.empty() && found.empty()) found = check_defaults(schema, at, compiled.root());
  const bool judges_rules = without_structure.empty() && found.empty();
  std::ranges::move(found, std::back_inserter(problems));
  std::ranges::move(check_openapi(schema, at, judges_rules ? &compiled.root() : nullptr), std::back_inserter(problems));
  if (problems.empty() && !without_structure.empty())
    problems.push_back(validation::invalid(at, "", without_structure));
  return problems;
}

}  // namespace slipway::objects::crd
