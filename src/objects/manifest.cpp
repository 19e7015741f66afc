// parse_manifest: the documents of a file as objects.

#include "objects/object.hpp"

namespace slipway::objects {
namespace {

void collect(const doc::Value& document, std::vector<Object>& objects, std::vector<Error>& problems) {
  auto problem = [&](const doc::Value& where, std::string message, std::string hint) {
    problems.push_back(Error(Code::invalid_argument, std::move(message), std::move(hint)).at(where.mark()));
  };
  if (document.is_null()) return;
  if (!document.is_object()) {
    problem(document, "a manifest must be an object, this is a " + std::string(doc::name_of(document.type())),
            "start it with apiVersion and kind");
    return;
  }
  const auto kind = document["kind"].string_or("");
  if (kind.ends_with("List") && document["items"].is_array()) {
    for (const auto& item : document["items"].as_array()) collect(item, objects, problems);
    return;
  }
  for (const auto* key : {"apiVersion", "kind"}) {
    const auto& value = document[key];
    if (value.is_null()) {
      problem(document, "\"" + std::string(key) + "\" is missing", "every object starts with apiVersion and kind");
    } else if (!value.is_string() || value.as_string().empty()) {
      problem(value, "\"" + std::string(key) + "\" must be a string", "");
    }
  }
  const auto& metadata = document["metadata"];
  const auto& name = metadata["name"];
  if (name.is_null() && metadata["generateName"].is_null()) {
    problem(metadata.is_null() ? document : metadata, "metadata.name is missing", "");
  } else if (!name.is_null() && (!name.is_string() || name.as_string().empty())) {
    problem(name, "metadata.name must be a string", "put it in quotes");
  }
  objects.emplace_back(document);
}

}  // namespace

Result<std::vector<Object>> parse_manifest(std::string_view text, std::string_view source_name) {
  TRY_ASSIGN(const auto documents, doc::parse_yaml_all(text, source_name));
  std::vector<Object> objects;
  std::vector<Error> problems;
  for (const auto& document : documents) collect(document, objects, problems);
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  return objects;
}

}  // namespace slipway::objects
