#include "objects/api/body.hpp"

#include "core/text.hpp"
#include "objects/schema/decode.hpp"
#include "objects/schema/protobuf.hpp"

namespace slipway::objects::api {
namespace {

constexpr std::string_view unknown_format =
    "the body of the request was in an unknown format - accepted media types include: application/json, "
    "application/yaml, application/vnd.kubernetes.protobuf";

Answer<std::string> bytes_of(const Call& call) {
  auto bytes = call.request.read_body();
  if (!bytes) return refuse(from_error(bytes.error()));
  if (bytes->size() > largest_body)
    return refuse(too_large("Request entity too large: limit is " + std::to_string(largest_body)));
  return std::move(*bytes);
}

enum class Encoding : std::uint8_t { json, yaml, protobuf };

Answer<Encoding> encoding_of(const Call& call) {
  const auto type = media_type_of(call.request.header("Content-Type"));
  if (type.empty() || type == "application/json") return Encoding::json;
  if (type == "application/yaml" || type == "application/x-yaml" || type == "application/apply-patch+yaml")
    return Encoding::yaml;
  if (type == schema::protobuf_content_type) return Encoding::protobuf;
  return refuse(unsupported_media_type(std::string(unknown_format)));
}

Answer<schema::Body> parse(const Call& call, const schema::Type* type) {
  TRY_ANSWER(const auto bytes, bytes_of(call));
  TRY_ANSWER(const auto encoding, encoding_of(call));
  schema::Body read;
  if (encoding == Encoding::protobuf || schema::is_protobuf(bytes)) {
    auto value = schema::decode_protobuf(bytes, schema::builtin(), type);
    if (!value) return refuse(bad_request(value.error().one_line()));
    read.value = std::move(*value);
    return read;
  }
  if (encoding == Encoding::yaml) {
    auto value = doc::parse_yaml(bytes, "<request body>");
    if (!value) return refuse(bad_request("error decoding YAML: " + value.error().one_line()));
    read.value = std::move(*value);
    return read;
  }
  auto body = schema::parse_json_body(bytes);
  if (!body) return refuse(bad_request("couldn't get version/kind; json parse error: " + body.error().one_line()));
  return std::move(*body);
}

Answer<> judged(Call& call, const schema::Findings& findings, std::string_view version, std::string_view kind) {
  auto how = schema::parse_field_validation(call.request.parameter("fieldValidation"));
  if (!how) return refuse(bad_request(how.error().message));
  auto warnings = schema::judge(findings, *how, version, kind);
  if (!warnings) return refuse(bad_request(warnings.error().message));
  for (auto& warning : *warnings) call.warn(std::move(warning));
  return {};
}

enum class Types : std::uint8_t { checked, left_to_apply };

Answer<doc::Value> read_typed(Call& call, Types types) {
  TRY_ANSWER(auto read, parse(call, call.resource->type));
  if (!read.value.is_object()) return refuse(bad_request("the body of the request must be an object"));
  TRY_DONE(check_identity(call, read.value));
  if (call.resource->type != nullptr) {
    auto findings = schema::check(read, *call.resource->type);
    // Server-side apply has its own words for a value of the wrong type.
    if (types == Types::left_to_apply) findings.mistyped.clear();
    TRY_DONE(judged(call, findings, call.resource->version, call.resource->kind));
  }
  return std::move(read.value);
}

}  // namespace

std::string media_type_of(std::string_view content_type) {
  return core::in_lower(core::trimmed(content_type.substr(0, content_type.find(';'))));
}

Answer<> check_identity(const Call& call, doc::Value& value) {
  const auto& resource = *call.resource;
  auto& object = value.as_object();
  const auto said_version = value["apiVersion"].string_or("");
  const auto said_kind = value["kind"].string_or("");
  if (!said_version.empty() && said_version != resource.api_version()) {
    return refuse(bad_request("the API version in the data (" + said_version +
                              ") does not match the expected API version (" + resource.api_version() + ")"));
  }
  if (!said_kind.empty() && said_kind != resource.kind) {
    return refuse(bad_request("the kind in the data (" + said_kind + ") does not match the expected kind (" +
                              resource.kind + ")"));
  }
  object.set("apiVersion", resource.api_version());
  object.set("kind", resource.kind);
  auto& metadata = value.at_or_insert("metadata");
  if (metadata.is_null()) metadata = doc::Object{};
  if (!metadata.is_object()) {
    return refuse(bad_request(resource.kind + " in version \"" + resource.version + "\" cannot be handled as a " +
                              resource.kind + ": metadata must be an object"));
  }
  const auto settle = [&](const char* key, const std::string& expected, const char* sentence) -> Answer<> {
    if (expected.empty()) return {};
    const auto said = metadata[key].string_or("");
    if (!said.empty() && said != expected) return refuse(bad_request(sentence));
    metadata.as_object().set(key, expected);
    return {};
  };
  if (!resource.namespaced) metadata.as_object().erase("namespace");  // passed over, as an API server does
  TRY_DONE(settle("namespace", call.info.ns,
                  "the namespace of the provided object does not match the namespace sent on the request"));
  if (!call.info.name.empty() && !metadata["name"].string_or("").empty() &&
      metadata["name"].string_or("") != call.info.name) {
    return refuse(bad_request("the name of the object (" + metadata["name"].string_or("") +
                              ") does not match the name on the URL (" + call.info.name + ")"));
  }
  if (!call.info.name.empty()) metadata.as_object().set("name", call.info.name);
  return {};
}

Answer<doc::Value> read_object(Call& call) { return read_typed(call, Types::checked); }
Answer<doc::Value> read_applied(Call& call) { return read_typed(call, Types::left_to_apply); }

Answer<doc::Value> read_body(Call& call, std::string_view api_version, std::string_view kind) {
  const auto* type = schema::builtin().find_body(api_version, kind);
  TRY_ANSWER(const auto bytes, bytes_of(call));
  if (bytes.empty()) return doc::Value();
  TRY_ANSWER(auto read, parse(call, type));
  if (read.value.is_null()) return doc::Value();
  if (!read.value.is_object()) return refuse(bad_request("the body of the request must be an object"));
  const auto said = read.value["kind"].string_or("");
  if (!said.empty() && said != kind) {
    return refuse(bad_request("the kind in the data (" + said + ") does not match the expected kind (" +
                              std::string(kind) + ")"));
  }
  if (type != nullptr) {
    TRY_DONE(judged(call, schema::check(read.value, *type), group_version_of(api_version).version, kind));
  }
  return std::move(read.value);
}

Answer<doc::Value> read_patch(Call& call) {
  TRY_ANSWER(const auto bytes, bytes_of(call));
  auto value = doc::parse_json(bytes, "<request body>");
  if (!value) return refuse(bad_request("error decoding patch: " + value.error().one_line()));
  return std::move(*value);
}

Answer<> check_fields(Call& call, const doc::Value& value) {
  if (call.resource->type == nullptr) return {};
  return judged(call, schema::check(value, *call.resource->type), {}, {});
}

}  // namespace slipway::objects::api
