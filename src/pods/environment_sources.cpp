#include "pods/environment_sources.hpp"

#include "core/digest.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

void add_data(std::map<std::string, std::string>& data, const doc::Value& given, bool is_encoded) {
  if (!given.is_object()) return;
  for (const auto& [key, value] : given.as_object()) {
    const std::string text = value.string_or("");
    data.emplace(key, is_encoded ? core::from_base64(text).value_or("") : text);
  }
}

std::map<std::string, std::string> data_of(const objects::Object& object, bool is_secret) {
  std::map<std::string, std::string> data;
  add_data(data, object.document()["data"], is_secret);
  return data;
}

}  // namespace

std::map<std::string, std::string> contents_of(const objects::Object& object, bool is_secret) {
  auto contents = data_of(object, is_secret);
  if (!is_secret) add_data(contents, object.document()["binaryData"], true);
  return contents;
}

FindSource sources_in(objects::Store& store) {
  return [&store](const objects::Kind& kind, const objects::Name& name) { return store.find(kind, name); };
}

Result<const std::map<std::string, std::string>*> EnvironmentSources::data(const std::string& name, bool is_secret,
                                                                           bool is_optional) {
  const auto key = std::pair(is_secret, name);
  if (const auto known = read_.find(key); known != read_.end()) return &known->second;
  TRY_ASSIGN(const auto object, find_(is_secret ? objects::kinds::secret : objects::kinds::config_map, {ns_, name}));
  if (object) return &read_.emplace(key, data_of(*object, is_secret)).first->second;
  if (is_optional || absent_ == Absent::left_out) return nullptr;
  return fail(Code::not_found, std::string(is_secret ? "secret" : "configmap") + " \"" + name + "\" not found");
}

Result<std::optional<std::string>> EnvironmentSources::value(const doc::Value& reference, bool is_secret) {
  const std::string name = reference["name"].string_or("");
  const std::string key = reference["key"].string_or("");
  const bool is_optional = reference["optional"].bool_or(false);
  TRY_ASSIGN(const auto* all, data(name, is_secret, is_optional));
  if (all == nullptr) return std::nullopt;
  if (const auto found = all->find(key); found != all->end()) return found->second;
  if (is_optional || absent_ == Absent::left_out) return std::nullopt;
  return fail(Code::not_found,
              "couldn't find key " + key + " in " + (is_secret ? "Secret " : "ConfigMap ") + ns_ + "/" + name);
}

Result<Variables> EnvironmentSources::all(const doc::Value& entry) {
  const bool is_secret = entry["secretRef"].is_object();
  const doc::Value& reference = entry[is_secret ? "secretRef" : "configMapRef"];
  TRY_ASSIGN(const auto* all, data(reference["name"].string_or(""), is_secret, reference["optional"].bool_or(false)));
  Variables variables;
  if (all == nullptr) return variables;
  const std::string prefix = entry["prefix"].string_or("");
  for (const auto& [key, value] : *all) variables.emplace_back(prefix + key, value);
  return variables;
}

}  // namespace slipway::pods
