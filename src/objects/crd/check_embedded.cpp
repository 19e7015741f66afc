#include "core/text.hpp"
#include "objects/crd/checks.hpp"
#include "objects/schema/decode.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

class EmbeddedCheck {
 public:
  explicit EmbeddedCheck(const std::string& where) : path_(where) {}

  void visit(const doc::Value& value, const Node& node, bool is_resource) {
    if (value.is_array()) {
      for (std::size_t i = 0; node.items && i < value.size(); ++i) {
        const auto step = path_.index(i);
        visit(value[i], *node.items, node.items->embedded_resource);
      }
    }
    if (!value.is_object()) return;
    if (is_resource) check_resource(value, node);
    for (const auto& [key, member] : value.as_object()) {
      if (const auto property = node.properties.find(key); property != node.properties.end()) {
        const auto step = path_.child(key);
        visit(member, *property->second, property->second->embedded_resource);
      } else if (node.additional) {
        const auto step = path_.key(key);
        visit(member, *node.additional, node.additional->embedded_resource);
      }
    }
  }

  Problems problems;

 private:
  void check_resource(const doc::Value& resource, const Node& node) {
    const doc::Object& object = resource.as_object();
    for (const char* name : {"apiVersion", "kind"}) {
      if (!object.contains(name)) problems.push_back(validation::required(path_.child_text(name)));
    }
    if (const doc::Value* version = object.find("apiVersion")) check_version(*version);
    if (const doc::Value* kind = object.find("kind")) check_kind(*kind);
    if (const doc::Value* metadata = object.find("metadata")) check_metadata(*metadata, node);
  }

  bool check_text(const std::string& field, const doc::Value& value) {
    if (!value.is_string()) {
      problems.push_back(validation::invalid(field, value, "must be a string"));
    } else if (value.as_string().empty()) {
      problems.push_back(validation::invalid(field, value, "must not be empty"));
    } else {
      return true;
    }
    return false;
  }

  void check_version(const doc::Value& version) {
    const std::string field = path_.child_text("apiVersion");
    if (!check_text(field, version)) return;
    const std::string& text = version.as_string();
    if (text.find('/') != text.rfind('/'))
      problems.push_back(validation::invalid(field, version, "unexpected GroupVersion string: " + text));
  }

  void check_kind(const doc::Value& kind) {
    const std::string field = path_.child_text("kind");
    if (!check_text(field, kind)) return;
    std::string complaints;
    for (const std::string& one : validation::dns1035_label(core::in_lower(kind.as_string())))
      complaints += (complaints.empty() ? "" : ",") + one;
    if (!complaints.empty()) {
      problems.push_back(
          validation::invalid(field, kind, "may have mixed case, but should otherwise match: " + complaints));
    }
  }

  void check_metadata(const doc::Value& metadata, const Node& node) {
    const schema::Field* field = node.type ? node.type->find("metadata") : nullptr;
    if (field) {
      if (const auto found = schema::check(metadata, *field->type); !found.mistyped.empty()) {
        problems.push_back(validation::invalid(path_.child_text("metadata"), metadata, found.mistyped));
        return;
      }
    }
    doc::Value named = doc::Object{{"metadata", metadata}};
    if (metadata["name"].string_or("").empty()) named.at_or_insert("metadata").at_or_insert("name") = "fakename";
    validation::Report report;
    const bool namespaced = !metadata["namespace"].string_or("").empty();
    validation::validate_metadata(validation::At(named, report)["metadata"], namespaced, validation::path_segment_name,
                                  validation::FinalizerNames::qualified);
    for (validation::Problem& problem : report.problems) {
      problem.field = path_.child_text(problem.field);
      problems.push_back(std::move(problem));
    }
  }

  Path path_;
};

}  // namespace

Problems check_embedded(const doc::Value& value, const Node& node, bool is_resource, const std::string& where) {
  EmbeddedCheck check(where);
  check.visit(value, node, is_resource);
  return std::move(check.problems);
}

}  // namespace slipway::objects::crd
