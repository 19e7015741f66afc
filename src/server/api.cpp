#include "server/api.hpp"

#include "objects/kinds.hpp"
#include "server/validate.hpp"
#include "team/team.hpp"

namespace slipway::server {
namespace {

using net::Request;
using net::Responder;
using net::Response;
using ResponderPtr = std::shared_ptr<Responder>;

constexpr std::string_view base = "/api/slipway/v1";

delivery::Principal principal_of(const Request& request) {
  delivery::Principal principal{.name = std::string(request.header(net::principal_header)), .roles = {}};
  std::string_view roles = request.header(net::roles_header);
  while (!roles.empty()) {
    const std::size_t comma = roles.find(',');
    principal.roles.emplace_back(roles.substr(0, comma));
    roles = comma == std::string_view::npos ? std::string_view() : roles.substr(comma + 1);
  }
  return principal;
}

Result<doc::Value> body_of(const Request& request) {
  TRY_ASSIGN(const std::string text, request.read_body());
  if (text.empty()) return doc::Value(doc::Object{});
  return doc::parse_json(text, "<request body>");
}

void answer(Responder& responder, const Result<doc::Value>& result, int status = 200) {
  responder.send(result ? Response::json(status, *result) : net::error_response(result.error()));
}

// As kubectl apply -n does it: objects that name no namespace are in `wanted`, else in "default"; one that names
// another than was wanted is refused.
Result<> place(objects::Object& object, const std::string& wanted) {
  const auto kind = objects::kinds::find(object.api_version(), object.kind());
  if (!kind || !kind->namespaced) return {};
  const std::string ns = object.name().ns;
  if (!ns.empty() && !wanted.empty() && ns != wanted) {
    return fail(
        Error(Code::invalid_argument, "its namespace is " + ns + ", not " + wanted, "leave -n out, or give -n " + ns)
            .on(object.text()));
  }
  if (ns.empty())
    object.document().at_or_insert("metadata").at_or_insert("namespace") = wanted.empty() ? "default" : wanted;
  return {};
}

Result<doc::Value> apply(const ApiParts& parts, const Request& request) {
  TRY_ASSIGN(const doc::Value body, body_of(request));
  std::vector<objects::Object> list;
  std::vector<Error> problems;
  for (const doc::Value& item : body["items"].is_array() ? body["items"].as_array() : doc::Array{})
    if (auto placed = place(list.emplace_back(item), body["namespace"].string_or("")); !placed)
      problems.push_back(std::move(placed).error());
  if (!problems.empty()) return fail(core::join(std::move(problems)));
  if (list.empty()) return fail(Code::invalid_argument, "there is nothing to apply", "send {\"items\":[...]}");
  TRY_ASSIGN(const std::vector<std::string> lines, apply_objects(parts.store, parts.events, principal_of(request).name,
                                                                 std::move(list), parts.is_judged_by_us));
  doc::Array applied;
  for (const std::string& line : lines) applied.emplace_back(line);
  return doc::Value(doc::Object{{"applied", std::move(applied)}});
}

Result<doc::Value> create_promotion(const ApiParts& parts, const Request& request) {
  TRY_ASSIGN(const doc::Value body, body_of(request));
  doc::Decoder decoder(body, "");
  delivery::PromotionRequest wanted{.model = decoder.required_string("model"),
                                    .version = decoder.required_string("version"),
                                    .environment = decoder.required_string("environment"),
                                    .commit = decoder.string("commit"),
                                    .repository = decoder.string("repository"),
                                    .reason = decoder.string("reason"),
                                    .idempotency_key = std::string(request.header(net::idempotency_header))};
  TRY(decoder.finish());
  TRY_ASSIGN(objects::Object promotion, parts.delivery.create_promotion(wanted, principal_of(request)));
  return std::move(promotion.document());
}

Result<doc::Value> decide(const ApiParts& parts, const Request& request, bool approve) {
  TRY_ASSIGN(const doc::Value body, body_of(request));
  doc::Decoder decoder(body, "");
  const std::string subject = decoder.required_string("subject");
  const std::string reason = decoder.string("reason");
  TRY(decoder.finish());
  const objects::Name name{request.parameters.at(0), request.parameters.at(1)};
  TRY_ASSIGN(objects::Object promotion, approve ? parts.delivery.approve(name, principal_of(request), subject, reason)
                                                : parts.delivery.reject(name, principal_of(request), subject, reason));
  return std::move(promotion.document());
}

Result<doc::Value> steer(const ApiParts& parts, const Request& request, bool abort) {
  TRY_ASSIGN(const doc::Value body, body_of(request));
  const objects::Name name{request.parameters.at(0), request.parameters.at(1)};
  if (abort) {
    TRY(parts.delivery.abort_rollout(name, principal_of(request), body["reason"].string_or("")));
  } else {
    TRY(parts.delivery.promote_rollout(name, principal_of(request), body["full"].bool_or(false)));
  }
  return doc::Value(doc::Object{{"rollout", name.text()}});
}

}  // namespace

Result<> ensure_namespace(objects::Store& store, const std::string& name) {
  TRY_ASSIGN(const auto found, store.find(objects::kinds::namespace_, {"", name}));
  if (found) return {};
  objects::Object space = objects::Object::make(objects::kinds::namespace_, {"", name});
  space.status() = doc::Object{{"phase", "Active"}};
  auto created = store.create(std::move(space));
  if (!created && created.error().code != Code::already_exists) return fail(std::move(created).error());
  return {};
}

Result<std::vector<std::string>> apply_objects(objects::Store& store, core::EventSink& events, const std::string& by,
                                               std::vector<objects::Object> list, const JudgedByUs& is_judged_by_us) {
  const auto is_judged = [&](const objects::Kind& kind) {
    return !is_judged_by_us || kind == objects::kinds::promotion || is_judged_by_us(kind);
  };
  std::vector<Error> problems;
  std::vector<objects::Kind> kinds;
  for (const objects::Object& object : list) {
    auto kind = objects::kinds::find(object.api_version(), object.kind());
    if (!kind) {
      problems.push_back(std::move(kind).error());
      continue;
    }
    kinds.push_back(*kind);
    if (object.name().name.empty())
      problems.emplace_back(Code::invalid_argument, "a " + object.kind() + " without metadata.name");
    if (kind->namespaced && object.name().ns.empty())
      problems.emplace_back(Code::invalid_argument, object.text() + " has no metadata.namespace");
    if (!is_judged(*kind)) continue;  // its definition judges it, when it is stored
    if (auto valid = validate(object); !valid) problems.push_back(std::move(valid).error());
  }
  if (!problems.empty()) return fail(core::join(std::move(problems)));

  std::vector<std::string> lines;
  for (std::size_t i = 0; i < list.size(); ++i) {
    objects::Object& object = list[i];
    const objects::Name name = object.name();
    if (kinds[i].namespaced) TRY(ensure_namespace(store, name.ns));
    if (kinds[i] == objects::kinds::environment)
      TRY(ensure_namespace(store, object.spec()["namespace"].string_or(name.name)));
    TRY_ASSIGN(const auto before, store.find(kinds[i], name));
    const std::string text = object.text();
    core::Event event{.actor = by, .action = "applied", .object = text, .detail = before ? "configured" : "created"};
    TRY_ASSIGN(const objects::Object after,
               core::recorded_with(events, std::move(event), [&] { return store.apply(std::move(object)); }));
    const bool same = before && before->resource_version() == after.resource_version();
    lines.push_back(text + (same ? " unchanged" : before ? " configured" : " created"));
  }
  return lines;
}

void add_api_routes(net::Router& router, ApiParts parts) {
  const auto path = [](std::string_view rest) { return std::string(base) + std::string(rest); };
  router.add("POST", path("/apply"), [parts](const Request& request, const ResponderPtr& responder) {
    answer(*responder, apply(parts, request));
  });
  router.add("POST", path("/promotions"), [parts](const Request& request, const ResponderPtr& responder) {
    answer(*responder, create_promotion(parts, request), 201);
  });
  router.add("POST", path("/promotions/{ns}/{name}/approve"),
             [parts](const Request& request, const ResponderPtr& responder) {
               answer(*responder, decide(parts, request, true));
             });
  router.add("POST", path("/promotions/{ns}/{name}/reject"),
             [parts](const Request& request, const ResponderPtr& responder) {
               answer(*responder, decide(parts, request, false));
             });
  router.add("POST", path("/rollouts/{ns}/{name}/abort"),
             [parts](const Request& request, const ResponderPtr& responder) {
               answer(*responder, steer(parts, request, true));
             });
  router.add("POST", path("/rollouts/{ns}/{name}/promote"),
             [parts](const Request& request, const ResponderPtr& responder) {
               answer(*responder, steer(parts, request, false));
             });
  router.add("GET", path("/inbox"), [parts](const Request& request, const ResponderPtr& responder) {
    answer(*responder, parts.delivery.inbox(principal_of(request)));
  });
  router.add("GET", path("/history/{environment}"), [parts](const Request& request, const ResponderPtr& responder) {
    answer(*responder, parts.delivery.history(request.parameters.at(0)));
  });
}

}  // namespace slipway::server
