#include "pods/volumes/payload.hpp"

#include "objects/kinds.hpp"
#include "pods/downward.hpp"

namespace slipway::pods::volumes {
namespace {

constexpr std::int64_t usual_mode = 0644;

bool stays_inside(std::string_view path) {
  if (path.empty() || path.starts_with('/')) return false;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (path.substr(0, slash) == "..") return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return true;
}

const doc::Value& container_of(const objects::Object& pod, const std::string& name) {
  static const doc::Value none;
  for (const std::string_view list : {"containers", "initContainers"}) {
    const doc::Value& containers = pod.spec()[list];
    for (std::size_t i = 0; i < containers.size(); ++i) {
      if (containers[i]["name"].string_or("") == name) return containers[i];
    }
  }
  return none;
}

class Builder {
 public:
  Builder(const objects::Object& pod, const PayloadSources& sources, std::int64_t mode)
      : pod_(pod), sources_(sources), mode_(mode) {}

  Result<> add_object(const doc::Value& source, const std::string& name, bool is_secret);
  Result<> add_downward(const doc::Value& source);
  Result<> add_token(const doc::Value& source);
  Result<> add_projection(const doc::Value& source);
  Payload take() { return std::move(payload_); }

 private:
  Result<> add(const std::string& path, std::string bytes, const doc::Value& mode);

  const objects::Object& pod_;
  const PayloadSources& sources_;
  std::int64_t mode_;
  Payload payload_;
};

Result<> Builder::add(const std::string& path, std::string bytes, const doc::Value& mode) {
  if (!stays_inside(path)) return fail(Code::invalid_argument, "path \"" + path + "\" leaves the volume");
  payload_[path] = {std::move(bytes), static_cast<int>(mode.int_or(mode_))};
  return {};
}

Result<> Builder::add_object(const doc::Value& source, const std::string& name, bool is_secret) {
  const bool is_optional = source["optional"].bool_or(false);
  TRY_ASSIGN(const auto object,
             sources_.find(is_secret ? objects::kinds::secret : objects::kinds::config_map, {pod_.name().ns, name}));
  if (!object) {
    if (is_optional) return {};
    return fail(Code::not_found, std::string(is_secret ? "secret" : "configmap") + " \"" + name + "\" not found");
  }
  const auto contents = contents_of(*object, is_secret);
  const doc::Value& items = source["items"];
  if (items.size() == 0) {
    for (const auto& [key, bytes] : contents) TRY(add(key, bytes, {}));
    return {};
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string key = items[i]["key"].string_or("");
    const auto found = contents.find(key);
    if (found != contents.end()) {
      TRY(add(items[i]["path"].string_or(""), found->second, items[i]["mode"]));
    } else if (!is_optional) {
      return fail(Code::not_found,
                  std::string("references non-existent ") + (is_secret ? "secret" : "config") + " key: " + key);
    }
  }
  return {};
}

Result<> Builder::add_downward(const doc::Value& source) {
  const doc::Value& items = source["items"];
  for (std::size_t i = 0; i < items.size(); ++i) {
    const doc::Value& item = items[i];
    std::string text;
    if (const doc::Value& field = item["fieldRef"]; field.is_object()) {
      TRY_ASSIGN(text, field_text(pod_, field["fieldPath"].string_or(""), sources_.pod_ip));
    } else {
      const doc::Value& resource = item["resourceFieldRef"];
      TRY_ASSIGN(text, resource_value(container_of(pod_, resource["containerName"].string_or("")), resource));
    }
    TRY(add(item["path"].string_or(""), std::move(text), item["mode"]));
  }
  return {};
}

Result<> Builder::add_token(const doc::Value& source) {
  TRY_ASSIGN(auto token, sources_.token(source));
  return add(source["path"].string_or("token"), std::move(token),
             sources_.is_token_private ? doc::Value(std::int64_t{0600}) : doc::Value());
}

Result<> Builder::add_projection(const doc::Value& source) {
  if (const auto& given = source["configMap"]; given.is_object())
    return add_object(given, given["name"].string_or(""), false);
  if (const auto& given = source["secret"]; given.is_object())
    return add_object(given, given["name"].string_or(""), true);
  if (const auto& given = source["downwardAPI"]; given.is_object()) return add_downward(given);
  if (const auto& given = source["serviceAccountToken"]; given.is_object()) return add_token(given);
  const std::string kind = source.is_object() && source.size() > 0 ? source.as_object().begin()->first : "nothing";
  return fail(Code::unimplemented, "a projection of " + kind + " is not supported");
}

}  // namespace

bool is_payload(const doc::Value& volume) {
  return volume["configMap"].is_object() || volume["secret"].is_object() || volume["downwardAPI"].is_object() ||
         volume["projected"].is_object();
}

Result<Payload> payload_of(const objects::Object& pod, const doc::Value& volume, const PayloadSources& sources) {
  const auto mode_of = [](const doc::Value& given) { return given["defaultMode"].int_or(usual_mode); };
  if (const auto& given = volume["configMap"]; given.is_object()) {
    Builder builder(pod, sources, mode_of(given));
    TRY(builder.add_object(given, given["name"].string_or(""), false));
    return builder.take();
  }
  if (const auto& given = volume["secret"]; given.is_object()) {
    Builder builder(pod, sources, mode_of(given));
    TRY(builder.add_object(given, given["secretName"].string_or(""), true));
    return builder.take();
  }
  if (const auto& given = volume["downwardAPI"]; given.is_object()) {
    Builder builder(pod, sources, mode_of(given));
    TRY(builder.add_downward(given));
    return builder.take();
  }
  const auto& given = volume["projected"];
  Builder builder(pod, sources, mode_of(given));
  for (std::size_t i = 0; i < given["sources"].size(); ++i) TRY(builder.add_projection(given["sources"][i]));
  return builder.take();
}

}  // namespace slipway::pods::volumes
