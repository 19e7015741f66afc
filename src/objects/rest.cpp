#include "objects/rest.hpp"

#include <charconv>

#include "objects/kinds.hpp"
#include "objects/rest_watch.hpp"
#include "objects/semantics.hpp"

namespace slipway::objects {
namespace {

std::string_view reason_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "BadRequest";
    case Code::unauthenticated:
      return "Unauthorized";
    case Code::permission_denied:
      return "Forbidden";
    case Code::not_found:
      return "NotFound";
    case Code::already_exists:
      return "AlreadyExists";
    case Code::conflict:
      return "Conflict";
    case Code::failed_precondition:
      return "Conflict";
    case Code::gone:
      return "Expired";
    case Code::resource_exhausted:
      return "TooManyRequests";
    case Code::deadline_exceeded:
      return "Timeout";
    case Code::unavailable:
      return "ServiceUnavailable";
    default:
      return "InternalError";
  }
}

constexpr int most_attempts = 5;  // of a patch whose object changes all the time

// One kind at one served version; what every handler of its routes knows.
struct Resource {
  Kind kind;
  Store& store;
  std::shared_ptr<WatchSessions> sessions;
  RestOptions options;

  Result<> admit(const Object& object) const { return options.admit ? options.admit(object) : Result<>(); }

  // `write` does one write to the store; it and its record are durable together.
  template <class Write>
  auto on_record(const net::Request& request, const char* action, const std::string& object, Write write) const {
    const bool is_noise = kind == kinds::lease || kind == kinds::event;
    if (options.events == nullptr || is_noise) return write();
    const std::string_view by = request.header(net::principal_header);
    core::Event event;
    event.actor = by.empty() ? "anonymous" : by;
    event.action = action;
    event.object = object;
    event.detail = request.method + " " + request.path;
    return core::recorded_with(*options.events, std::move(event), write);
  }

  // The {namespace} and {name} of the route, in that order, as far as the kind has them.
  Name name_from(const net::Request& request) const {
    if (!kind.namespaced) return {"", request.parameters.empty() ? "" : request.parameters[0]};
    return {request.parameters.empty() ? "" : request.parameters[0],
            request.parameters.size() < 2 ? "" : request.parameters[1]};
  }
};

Result<ListOptions> list_options(const net::Request& request, std::string ns) {
  ListOptions options;
  options.ns = std::move(ns);
  TRY_ASSIGN(options.labels, LabelSelector::parse(request.parameter("labelSelector")));
  const auto fields = request.parameter("fieldSelector");
  if (!fields.empty()) {
    constexpr std::string_view supported = "metadata.name=";
    if (!fields.starts_with(supported)) {
      return fail(Code::invalid_argument, "field label not supported: " + std::string(fields),
                  "only metadata.name=NAME is supported yet");
    }
    auto value = fields.substr(supported.size());
    if (value.starts_with('=')) value.remove_prefix(1);
    options.field_name = std::string(value);
  }
  const auto limit = request.parameter("limit");
  if (std::from_chars(limit.data(), limit.data() + limit.size(), options.limit).ec == std::errc::result_out_of_range) {
    return fail(Code::invalid_argument, "limit is too large");
  }
  options.continue_token = std::string(request.parameter("continue"));
  return options;
}

// The body as an object of this route: what it leaves out comes from the URL, what it says differently is refused.
Result<Object> object_from(const Resource& resource, const net::Request& request, const Name& url_name) {
  TRY_ASSIGN(const auto body, request.read_body());
  const auto type = request.header("Content-Type");
  const bool is_yaml = type.find("yaml") != std::string_view::npos;
  TRY_ASSIGN(auto value, is_yaml ? doc::parse_yaml(body, "<request body>") : doc::parse_json(body, "<request body>"));
  if (!value.is_object()) return fail(Code::invalid_argument, "the body must be an object");
  auto& api_version = value.at_or_insert("apiVersion");
  if (api_version.is_null()) api_version = resource.kind.api_version();
  auto& kind = value.at_or_insert("kind");
  if (kind.is_null()) kind = resource.kind.kind;
  auto& metadata = value.at_or_insert("metadata");
  if (metadata.is_null()) metadata = doc::Object{};
  if (!metadata.is_object()) return fail(Code::invalid_argument, "metadata must be an object");
  TRY_ASSIGN(const auto said, kinds::find(value["apiVersion"].string_or(""), value["kind"].string_or("")));
  if (!(said == resource.kind)) {
    return fail(Code::invalid_argument,
                "the body is a " + std::string(said.kind) + ", the URL is for " + std::string(resource.kind.plural));
  }
  for (const auto& [key, expected] : {std::pair<std::string_view, const std::string&>("namespace", url_name.ns),
                                      std::pair<std::string_view, const std::string&>("name", url_name.name)}) {
    if (expected.empty()) continue;
    auto& member = value.at_or_insert("metadata").at_or_insert(key);
    if (member.is_null()) member = expected;
    if (member.string_or("") != expected) {
      return fail(Code::invalid_argument, "the " + std::string(key) + " of the provided object does not match the " +
                                              std::string(key) + " sent on the request");
    }
  }
  return Object(std::move(value));
}

void answer(net::Responder& responder, const Result<Object>& result, int status = 200) {
  responder.send(result ? net::Response::json(status, result->document()) : status_response(result.error()));
}

void list_or_watch(const Resource& resource, const net::Request& request, std::shared_ptr<net::Responder> responder,
                   const std::string& ns) {
  auto options = list_options(request, ns);
  if (!options) return responder->send(status_response(options.error()));
  const auto watch = request.parameter("watch");
  if (watch == "true" || watch == "1") {
    WatchQuery query{resource.kind, std::move(*options), std::string(request.parameter("resourceVersion")),
                     std::nullopt};
    if (auto seconds = core::parse_duration(request.parameter("timeoutSeconds")); seconds && *seconds > Duration{}) {
      query.timeout = *seconds;
    }
    return resource.sessions->open(std::move(query), std::move(responder));
  }
  auto list = resource.store.list(resource.kind, *options);
  if (!list) return responder->send(status_response(list.error()));
  doc::Array items;
  for (auto& item : list->items) items.push_back(std::move(item.document()));
  doc::Object metadata{{"resourceVersion", list->resource_version}};
  if (!list->continue_token.empty()) metadata.set("continue", list->continue_token);
  doc::Object document{{"kind", std::string(resource.kind.kind) + "List"}, {"apiVersion", resource.kind.api_version()}};
  document.set("metadata", std::move(metadata));
  document.set("items", std::move(items));
  responder->send(net::Response::json(200, doc::Value(std::move(document))));
}

void create(const Resource& resource, const net::Request& request, net::Responder& responder) {
  auto object = object_from(resource, request, {resource.name_from(request).ns, ""});
  if (object) {
    object->document().as_object().erase("status");
    if (auto admitted = resource.admit(*object); !admitted) return responder.send(status_response(admitted.error()));
    object = resource.on_record(request, "created", object->text(),
                                [&] { return resource.store.create(std::move(*object)); });
  }
  answer(responder, object, 201);
}

Result<Object> write_update(const Resource& resource, const net::Request& request, Object object, bool status) {
  const std::string text = object.text();
  return resource.on_record(request, status ? "updated-status" : "updated", text, [&] {
    return status ? resource.store.update_status(std::move(object)) : resource.store.update(std::move(object));
  });
}

void update(const Resource& resource, const net::Request& request, net::Responder& responder, bool status) {
  auto object = object_from(resource, request, resource.name_from(request));
  if (object && !status) {
    if (auto admitted = resource.admit(*object); !admitted) return responder.send(status_response(admitted.error()));
  }
  if (object) object = write_update(resource, request, std::move(*object), status);
  answer(responder, object);
}

Result<Object> merge(const Resource& resource, const net::Request& request, bool status) {
  TRY_ASSIGN(const auto body, request.read_body());
  TRY_ASSIGN(const auto patch, doc::parse_json(body, "<request body>"));
  if (!patch.is_object()) return fail(Code::invalid_argument, "a merge patch must be an object");
  for (int attempt = 0;; ++attempt) {
    TRY_ASSIGN(Object object, resource.store.get(resource.kind, resource.name_from(request)));
    // The patch's own resourceVersion is its precondition; without one it is applied to whatever is current.
    object.document() = merge_patched(object.document(), patch);
    if (!status) TRY(resource.admit(object));
    auto written = write_update(resource, request, std::move(object), status);
    const bool is_precondition = !patch["metadata"]["resourceVersion"].is_null();
    if (written || written.error().code != Code::conflict || is_precondition || attempt == most_attempts)
      return written;
  }
}

void patch(const Resource& resource, const net::Request& request, net::Responder& responder, bool status) {
  const auto type = request.header("Content-Type");
  if (type.starts_with("application/merge-patch+json")) return answer(responder, merge(resource, request, status));
  if (type.starts_with("application/apply-patch+yaml") && !status) {
    auto object = object_from(resource, request, resource.name_from(request));
    if (object) {
      if (auto admitted = resource.admit(*object); !admitted) return responder.send(status_response(admitted.error()));
      object = resource.on_record(request, "applied", object->text(),
                                  [&] { return resource.store.apply(std::move(*object)); });
    }
    return answer(responder, object);
  }
  auto response = status_response(Error(Code::unimplemented, "the body of the request was in an unknown format",
                                        "use application/merge-patch+json or application/apply-patch+yaml"));
  response.status = 415;
  responder.send(std::move(response));
}

Result<DeleteOptions> delete_options(const net::Request& request) {
  DeleteOptions options;
  TRY_ASSIGN(const auto body, request.read_body());
  doc::Value said;
  if (!body.empty()) {
    TRY_ASSIGN(said, doc::parse_json(body, "<request body>"));
  }
  options.uid_precondition = said["preconditions"]["uid"].string_or("");
  auto policy = said["propagationPolicy"].string_or("");
  if (policy.empty()) policy = std::string(request.parameter("propagationPolicy"));
  if (policy == "Orphan")
    options.propagation = DeleteOptions::Propagation::orphan;
  else if (policy == "Foreground")
    options.propagation = DeleteOptions::Propagation::foreground;
  else if (!policy.empty() && policy != "Background")
    return fail(Code::invalid_argument, "propagationPolicy \"" + policy + "\" is not known",
                "use Background, Foreground or Orphan");
  return options;
}

void remove(const Resource& resource, const net::Request& request, net::Responder& responder) {
  const auto name = resource.name_from(request);
  auto options = delete_options(request);
  if (!options) return responder.send(status_response(options.error()));
  const std::string text = std::string(resource.kind.kind) + " " + name.text();
  if (auto removed = resource.on_record(request, "deleted", text,
                                        [&] { return resource.store.remove(resource.kind, name, *options); });
      !removed) {
    return responder.send(status_response(removed.error()));
  }
  // Finalizers keep it: the client sees the object with its deletionTimestamp.
  auto left = resource.store.find(resource.kind, name);
  if (left && *left) return responder.send(net::Response::json(200, (*left)->document()));
  doc::Object details{{"name", name.name}, {"group", resource.kind.group}, {"kind", resource.kind.plural}};
  doc::Object status{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", doc::Object{}}, {"status", "Success"}};
  status.set("details", std::move(details));
  responder.send(net::Response::json(200, doc::Value(std::move(status))));
}

// Who asked for a Promotion and who approved it is what its own API established; nobody writes that down by hand, in
// its status least of all.
bool is_written_by_its_own_api(const Kind& kind) { return kind == kinds::promotion; }

void refuse_to_write(net::Responder& responder) {
  responder.send(status_response(Error(Code::permission_denied, "a Promotion is asked for and approved, not written",
                                       "use slipway promote, or POST /api/slipway/v1/promotions")));
}

// What creates and changes.
void add_writes(net::Router& router, const std::string& collection, const Resource& resource) {
  using Responder = std::shared_ptr<net::Responder>;
  const auto one = collection + "/{name}";
  if (is_written_by_its_own_api(resource.kind)) {
    const auto refuse = [](const net::Request&, const Responder& responder) { refuse_to_write(*responder); };
    router.add("POST", collection, refuse);
    for (const auto& path : {one, one + "/status"}) {
      router.add("PUT", path, refuse);
      router.add("PATCH", path, refuse);
    }
    return;
  }
  router.add("POST", collection,
             [resource](net::Request request, Responder responder) { create(resource, request, *responder); });
  for (const bool status : {false, true}) {
    const auto path = status ? one + "/status" : one;
    router.add("PUT", path, [resource, status](net::Request request, Responder responder) {
      update(resource, request, *responder, status);
    });
    router.add("PATCH", path, [resource, status](net::Request request, Responder responder) {
      patch(resource, request, *responder, status);
    });
  }
}

void add_resource(net::Router& router, const std::string& base, const Resource& resource) {
  using Responder = std::shared_ptr<net::Responder>;
  const auto collection =
      base + (resource.kind.namespaced ? "/namespaces/{namespace}/" : "/") + std::string(resource.kind.plural);
  const auto one = collection + "/{name}";
  router.add("GET", collection, [resource](net::Request request, Responder responder) {
    list_or_watch(resource, request, std::move(responder),
                  resource.kind.namespaced ? resource.name_from(request).ns : "");
  });
  if (resource.kind.namespaced) {
    router.add("GET", base + "/" + std::string(resource.kind.plural),
               [resource](net::Request request, Responder responder) {
                 list_or_watch(resource, request, std::move(responder), "");
               });
  }
  router.add("GET", one, [resource](net::Request request, Responder responder) {
    answer(*responder, resource.store.get(resource.kind, resource.name_from(request)));
  });
  router.add("DELETE", one,
             [resource](net::Request request, Responder responder) { remove(resource, request, *responder); });
  router.add("GET", one + "/status", [resource](net::Request request, Responder responder) {
    answer(*responder, resource.store.get(resource.kind, resource.name_from(request)));
  });
  add_writes(router, collection, resource);
}

}  // namespace

doc::Value status_value(const Error& error) {
  auto message = error.message;
  for (const auto& cause : error.causes) message += "; " + cause.one_line();
  if (!error.hint.empty()) message += " (" + error.hint + ")";
  doc::Object status{{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", doc::Object{}},
                     {"status", "Failure"}, {"message", message}, {"reason", reason_of(error.code)}};
  status.set("code", core::http_status(error.code));
  return doc::Value(std::move(status));
}

net::Response status_response(const Error& error) {
  return net::Response::json(core::http_status(error.code), status_value(error));
}

void add_routes(net::Router& router, Store& store, core::Loop& loop, RestOptions options) {
  const auto sessions = std::make_shared<WatchSessions>(store, loop);
  for (const auto& kind : kinds::all()) {
    for (const auto version : kinds::served_versions(kind)) {
      const auto base = kind.group.empty() ? "/api/" + std::string(version)
                                           : "/apis/" + std::string(kind.group) + "/" + std::string(version);
      add_resource(router, base, Resource{kind, store, sessions, options});
    }
  }
}

}  // namespace slipway::objects
