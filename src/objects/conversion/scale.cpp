#include "objects/conversion/scale.hpp"

#include <span>

#include "objects/conversion/label_text.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::conversion {
namespace {

using doc::Value;

Result<> can_scale(const schema::Resource& resource) {
  if (resource.is_custom() ? resource.custom->scale.has_value() : resource.find_subresource("scale") != nullptr)
    return {};
  return fail(Code::unimplemented, resource.kind + " has no scale");
}

// ".spec.replicas" as its keys; a definition's paths have no lists and no quotes.
std::vector<std::string> keys_of(std::string_view path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  std::vector<std::string> keys;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    keys.emplace_back(path.substr(start, dot - start));
    start = dot + 1;
  }
  return keys;
}

std::string path_of(std::span<const std::string> keys) {
  std::string out;
  for (const std::string& key : keys) out += "." + key;
  return out;
}

std::unexpected<Error> accessor_error(std::span<const std::string> keys, const Value& found, const char* expected) {
  return fail(Code::internal, path_of(keys) + " accessor error: " + patch::go_text(found) + " is of the type " +
                                  std::string(patch::go_type_of(found)) + ", expected " + expected);
}

// nullptr where nothing is.
Result<const Value*> value_at(const Value& object, std::span<const std::string> keys) {
  const Value* value = &object;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!value->is_object()) return accessor_error(keys.subspan(0, i), *value, "map[string]interface{}");
    value = value->as_object().find(keys[i]);
    if (value == nullptr) return nullptr;
    if (value->is_null() && i + 1 < keys.size()) return nullptr;
  }
  return value;
}

Result<std::optional<std::int64_t>> count_at(const Value& object, const std::string& path) {
  const auto keys = keys_of(path);
  TRY_ASSIGN(const Value* value, value_at(object, keys));
  if (value == nullptr) return std::nullopt;
  if (!value->is_int()) return accessor_error(keys, *value, "int64");
  return value->as_int();
}

struct Counts {
  std::int64_t wanted = 0;
  std::int64_t counted = 0;
  std::string selector;
};

Result<Counts> custom_counts(const Value& object, const schema::ScalePaths& paths) {
  TRY_ASSIGN(const auto wanted, count_at(object, paths.spec_replicas));
  TRY_ASSIGN(const auto counted, count_at(object, paths.status_replicas));
  if (!wanted) {
    return fail(Code::internal,
                "Internal error occurred: the spec replicas field \"" + paths.spec_replicas + "\" does not exist");
  }
  Counts counts{*wanted, counted.value_or(0), {}};
  if (!paths.label_selector.empty()) {
    const auto keys = keys_of(paths.label_selector);
    TRY_ASSIGN(const Value* selector, value_at(object, keys));
    if (selector != nullptr && !selector->is_string()) return accessor_error(keys, *selector, "string");
    if (selector != nullptr) counts.selector = selector->as_string();
  }
  return counts;
}

Result<Counts> builtin_counts(const Value& object, const schema::Resource& resource) {
  Counts counts{object["spec"]["replicas"].int_or(1), object["status"]["replicas"].int_or(0), {}};
  const Value& selector = object["spec"]["selector"];
  // A ReplicationController's has no expressions.
  const bool is_plain = resource.kind == "ReplicationController";
  TRY_ASSIGN(counts.selector, selector_text(is_plain ? Value(doc::Object{{"matchLabels", selector}}) : selector));
  return counts;
}

// Makes objects on the way.
Result<> set_count(Value& object, const std::string& path, std::int64_t count) {
  Value* value = &object;
  for (const std::string& key : keys_of(path)) {
    if (!value->is_object() && !value->is_null()) {
      return fail(Code::internal, "value cannot be set because " + path + " is not a map[string]interface{}");
    }
    value = &value->at_or_insert(key);
  }
  *value = count;
  return {};
}

}  // namespace

Result<Value> scale_of(const Value& object, const schema::Resource& resource) {
  TRY(can_scale(resource));
  TRY_ASSIGN(const Counts counts,
             resource.is_custom() ? custom_counts(object, *resource.custom->scale) : builtin_counts(object, resource));
  doc::Object metadata;
  for (const char* name : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const Value& value = object["metadata"][name]; !value.is_null()) metadata.set(name, value);
  }
  doc::Object spec;
  if (counts.wanted != 0) spec.set("replicas", counts.wanted);
  doc::Object status{{"replicas", counts.counted}};
  if (!counts.selector.empty()) status.set("selector", counts.selector);
  return doc::Object{{"kind", "Scale"},
                     {"apiVersion", "autoscaling/v1"},
                     {"metadata", std::move(metadata)},
                     {"spec", std::move(spec)},
                     {"status", std::move(status)}};
}

Result<Value> with_scale(Value object, const Value& scale, const schema::Resource& resource) {
  TRY(can_scale(resource));
  const std::int64_t replicas = scale["spec"]["replicas"].int_or(0);
  const std::string name = object["metadata"]["name"].string_or("");
  if (replicas < 0 && !resource.is_custom()) {
    return fail(Code::failed_precondition, "Scale.autoscaling \"" + name +
                                               "\" is invalid: spec.replicas: Invalid value: " +
                                               std::to_string(replicas) + ": must be greater than or equal to 0");
  }
  const std::string uid = scale["metadata"]["uid"].string_or("");
  const std::string own_uid = object["metadata"]["uid"].string_or("");
  if (!uid.empty() && uid != own_uid) {
    return fail(Code::conflict, "Operation cannot be fulfilled on " + resource.plural + "/scale." + resource.group +
                                    " \"" + name + "\": Precondition failed: UID in precondition: " + uid +
                                    ", UID in object meta: " + own_uid);
  }
  TRY(set_count(object, resource.is_custom() ? resource.custom->scale->spec_replicas : ".spec.replicas", replicas));
  const std::string version = scale["metadata"]["resourceVersion"].string_or("");
  if (!version.empty())
    object.at_or_insert("metadata").at_or_insert("resourceVersion") = version;
  else if (!resource.is_custom() && object["metadata"].is_object())
    object.at_or_insert("metadata").as_object().erase("resourceVersion");
  return object;
}

}  // namespace slipway::objects::conversion
