// kubernetes pkg/apis/core/validation: ConfigMap, Secret, ServiceAccount.

#include "objects/validation/core_kinds.hpp"
#include "objects/validation/metadata.hpp"

namespace slipway::objects::validation {

namespace {

constexpr std::size_t most_bytes = 1024 * 1024;

// How many bytes a base64 text stands for.
std::size_t decoded_size(std::string_view text) {
  std::size_t size = text.size() / 4 * 3;
  if (text.ends_with("==")) return size - 2;
  return text.ends_with('=') ? size - 1 : size;
}

// The bytes of a base64 text; what is no letter of it is passed over.
std::string decoded(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t value = letters.find(c);
    if (value == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

void validate_keys(At data) {
  for (const auto& [key, value] : data.members()) {
    if (const Complaints complaints = config_map_key(key); !complaints.empty()) {
      for (const std::string& complaint : complaints) data.key(key).invalid(doc::Value(key), complaint);
    }
  }
}

std::size_t size_of(At data, bool is_base64) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : data.members()) {
    if (value.is_string()) bytes += is_base64 ? decoded_size(value.as_string()) : value.as_string().size();
  }
  return bytes;
}

void validate_config_data(At object) {
  const At data = object["data"];
  const At binary = object["binaryData"];
  validate_keys(data);
  for (const auto& [key, value] : binary.members()) {
    if (data.members().contains(key)) {
      data.key(key).invalid(doc::Value(key), "duplicate of key present in binaryData");
    }
  }
  validate_keys(binary);
  if (size_of(data, false) + size_of(binary, true) > most_bytes)
    object.add(too_long("[]", most_bytes));  // the server has no name for the whole
}

void validate_immutable(At object, At old, std::initializer_list<std::string_view> fields) {
  if (!old["immutable"].flag()) return;
  constexpr const char* refusal = "field is immutable when `immutable` is set";
  if (!object["immutable"].flag()) object["immutable"].forbidden(refusal);
  for (const std::string_view field : fields) {
    if (!object[field].is_same_as(old[field])) object[field].forbidden(refusal);
  }
}

void validate_docker_config(At data, std::string_view key) {
  const At config = data.key(key);
  if (!config) return config.required();
  const auto parsed = doc::parse_json(decoded(config.text()));
  if (parsed && parsed->is_object()) return;
  config.invalid("<secret contents redacted>", "is no JSON object");
}

void validate_secret_data(At object) {
  const At data = object["data"];
  validate_keys(data);
  if (size_of(data, true) > most_bytes) data.too_long(most_bytes);
  const std::string_view type = object["type"].text();
  const auto need = [&](std::string_view key) {
    if (const At value = data.key(key); !value) value.required();
  };
  if (type == "kubernetes.io/service-account-token") {
    const At name = object["metadata"]["annotations"].key("kubernetes.io/service-account.name");
    name.must_be_given();
  } else if (type == "kubernetes.io/dockercfg") {
    validate_docker_config(data, ".dockercfg");
  } else if (type == "kubernetes.io/dockerconfigjson") {
    validate_docker_config(data, ".dockerconfigjson");
  } else if (type == "kubernetes.io/basic-auth") {
    if (data.key("username") || data.key("password")) return;
    need("username");
    need("password");
  } else if (type == "kubernetes.io/ssh-auth") {
    data.key("ssh-privatekey").must_be_given();
  } else if (type == "kubernetes.io/tls") {
    need("tls.crt");
    need("tls.key");
  }
}

}  // namespace

void validate_config_map(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_config_data(object);
}

void validate_config_map_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_immutable(object, old, {"data", "binaryData"});
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_config_data(object);
}

void validate_secret(At object) {
  validate_metadata(object["metadata"], true, dns1123_subdomain);
  validate_secret_data(object);
}

void validate_secret_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  object["type"].must_not_change(old["type"]);
  validate_immutable(object, old, {"data"});
  validate_secret(object);
}

void validate_service_account(At object) { validate_metadata(object["metadata"], true, dns1123_subdomain); }

void validate_service_account_update(At object, At old) {
  validate_metadata_update(object["metadata"], old["metadata"]);
  validate_service_account(object);
}

}  // namespace slipway::objects::validation
