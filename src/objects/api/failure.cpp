#include "objects/api/failure.hpp"

#include "core/doc.hpp"

namespace slipway::objects::api {
namespace {

Failure make(int code, std::string_view reason, std::string message) {
  Failure failure;
  failure.code = code;
  failure.reason = reason;
  failure.message = std::move(message);
  return failure;
}

// Details name the plural for what concerns a stored object, and the kind for what concerns a document.
Failure about(Failure failure, const schema::Resource& resource, std::string_view name, std::string_view what) {
  failure.has_details = true;
  failure.name = name;
  failure.group = resource.group;
  failure.kind = what;
  return failure;
}

}  // namespace

std::string qualified(const schema::Resource& resource) {
  return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

std::unexpected<Failure> refuse(Failure failure) { return std::unexpected<Failure>(std::move(failure)); }

doc::Value Failure::status() const {
  doc::Object metadata;
  if (!next.empty()) metadata.append("continue", next);
  doc::Object document{
      {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", std::move(metadata)}, {"status", "Failure"}};
  document.append("message", message);
  if (!reason.empty()) document.append("reason", reason);
  if (has_details || !causes.empty() || retry_after > 0) {
    doc::Object details;
    if (!name.empty()) details.append("name", name);
    if (!group.empty()) details.append("group", group);
    if (!kind.empty()) details.append("kind", kind);
    if (!uid.empty()) details.append("uid", uid);
    if (!causes.empty()) {
      doc::Array list;
      for (const auto& cause : causes) {
        doc::Object entry;
        if (!cause.reason.empty()) entry.append("reason", cause.reason);
        if (!cause.message.empty()) entry.append("message", cause.message);
        if (!cause.field.empty()) entry.append("field", cause.field);
        list.emplace_back(std::move(entry));
      }
      details.append("causes", std::move(list));
    }
    if (retry_after > 0) details.append("retryAfterSeconds", retry_after);
    document.append("details", std::move(details));
  }
  document.append("code", code);
  return document;
}

net::Response Failure::response() const {
  auto response = net::Response::json(code, status());
  if (retry_after > 0) response.headers.emplace_back("Retry-After", std::to_string(retry_after));
  return response;
}

Failure bad_request(std::string message) { return make(400, "BadRequest", std::move(message)); }

Failure not_found(const schema::Resource& resource, std::string_view name) {
  return about(make(404, "NotFound", qualified(resource) + " \"" + std::string(name) + "\" not found"), resource, name,
               resource.plural);
}

Failure no_such_path() {
  auto failure = make(404, "NotFound", "the server could not find the requested resource");
  failure.has_details = true;
  return failure;
}

Failure already_exists(const schema::Resource& resource, std::string_view name) {
  return about(make(409, "AlreadyExists", qualified(resource) + " \"" + std::string(name) + "\" already exists"),
               resource, name, resource.plural);
}

Failure conflict(const schema::Resource& resource, std::string_view name, std::string_view why) {
  return about(make(409, "Conflict",
                    "Operation cannot be fulfilled on " + qualified(resource) + " \"" + std::string(name) +
                        "\": " + std::string(why)),
               resource, name, resource.plural);
}

Failure modified_meanwhile(const schema::Resource& resource, std::string_view name) {
  return conflict(resource, name,
                  "the object has been modified; please apply your changes to the latest version and try again");
}

Failure forbidden(const schema::Resource& resource, std::string_view name, std::string_view why) {
  std::string subject = qualified(resource);
  if (!name.empty()) subject += " \"" + std::string(name) + "\"";
  return about(make(403, "Forbidden", subject + " is forbidden: " + std::string(why)), resource, name, resource.plural);
}

Failure invalid(const schema::Resource& resource, std::string_view name, std::vector<Cause> causes) {
  std::string message = resource.kind;
  if (!resource.group.empty()) message += "." + resource.group;
  message += " \"" + std::string(name) + "\" is invalid";
  std::string list;
  for (const auto& cause : causes) {
    if (!list.empty()) list += ", ";
    list += (cause.field.empty() ? "" : cause.field + ": ") + cause.message;
  }
  if (causes.size() == 1) {
    message += ": " + list;
  } else if (!causes.empty()) {
    message += ": [" + list + "]";
  }
  auto failure = about(make(422, "Invalid", std::move(message)), resource, name, resource.kind);
  failure.causes = std::move(causes);
  return failure;
}

Failure expired(std::string message) { return make(410, "Expired", std::move(message)); }
Failure unsupported_media_type(std::string message) { return make(415, "UnsupportedMediaType", std::move(message)); }
Failure not_acceptable(std::string message) { return make(406, "NotAcceptable", std::move(message)); }
Failure method_not_allowed(std::string message) {
  auto failure = make(405, "MethodNotAllowed", std::move(message));
  failure.has_details = true;
  return failure;
}
Failure too_large(std::string message) { return make(413, "RequestEntityTooLarge", std::move(message)); }
Failure internal(std::string message) {
  auto failure = make(500, "InternalError", "Internal error occurred: " + message);
  failure.causes.push_back({"", std::move(message), ""});
  return failure;
}

Failure from_error(const Error& error, const schema::Resource* resource, std::string_view name) {
  const auto text = error.one_line();
  switch (error.code) {
    case Code::invalid_argument:
      return bad_request(text);
    case Code::unauthenticated:
      return make(401, "Unauthorized", text);
    case Code::permission_denied:
      return resource != nullptr ? forbidden(*resource, name, text) : make(403, "Forbidden", text);
    case Code::not_found:
      return resource != nullptr ? not_found(*resource, name) : make(404, "NotFound", text);
    case Code::already_exists:
      return resource != nullptr ? already_exists(*resource, name) : make(409, "AlreadyExists", text);
    case Code::conflict:
      return resource != nullptr ? modified_meanwhile(*resource, name) : make(409, "Conflict", text);
    case Code::failed_precondition:
      return make(409, "Conflict", text);
    case Code::gone:
      return expired(text);
    case Code::unavailable:
      return make(503, "ServiceUnavailable", text);
    case Code::deadline_exceeded:
      return make(504, "Timeout", text);
    case Code::unimplemented:
      return make(501, "NotImplemented", text);
    case Code::resource_exhausted:
      return make(507, "InsufficientStorage", text);
    default:
      return internal(text);
  }
}

doc::Value success_status(const schema::Resource& resource, std::string_view name, std::string_view uid) {
  doc::Object details{{"name", name}};
  if (!resource.group.empty()) details.append("group", resource.group);
  details.append("kind", resource.plural);
  if (!uid.empty()) details.append("uid", uid);
  return doc::Object{{"kind", "Status"},
                     {"apiVersion", "v1"},
                     {"metadata", doc::Object{}},
                     {"status", "Success"},
                     {"details", std::move(details)}};
}

doc::Value created_status() {
  return doc::Object{
      {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", doc::Object{}}, {"status", "Success"}, {"code", 201}};
}

}  // namespace slipway::objects::api
