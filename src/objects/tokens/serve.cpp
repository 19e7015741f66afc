// TokenRequest, and what others read to check tokens by themselves.

#include "objects/api/body.hpp"
#include "objects/tokens/accounts.hpp"
#include "objects/tokens/jwt.hpp"

namespace slipway::objects::tokens {
namespace {

constexpr std::int64_t shortest_seconds = 600;
constexpr std::int64_t longest_seconds = std::int64_t{1} << 32;
constexpr std::int64_t usual_seconds = 3600;

api::Failure invalid_request(std::vector<api::Cause> causes) {
  schema::Resource resource;
  resource.group = "authentication.k8s.io";
  resource.kind = "TokenRequest";
  return api::invalid(resource, "", std::move(causes));
}

api::Answer<Wanted> wanted_of(const api::Call& call, const doc::Value& spec) {
  Wanted wanted;
  wanted.account = call.name();
  for (std::size_t i = 0; i < spec["audiences"].size(); ++i)
    wanted.audiences.push_back(spec["audiences"][i].string_or(""));
  const auto seconds = spec["expirationSeconds"].int_or(usual_seconds);
  std::vector<api::Cause> causes;
  const auto wrong_time = [&](const char* why) {
    causes.push_back(
        {"FieldValueInvalid", "Invalid value: " + std::to_string(seconds) + ": " + why, "spec.expirationSeconds"});
  };
  if (seconds < shortest_seconds) wrong_time("may not specify a duration less than 10 minutes");
  if (seconds > longest_seconds) wrong_time("may not specify a duration larger than 2^32 seconds");
  if (!causes.empty()) return api::refuse(invalid_request(std::move(causes)));
  wanted.lifetime = std::chrono::seconds(seconds);
  const auto& bound = spec["boundObjectRef"];
  if (!bound.is_object()) return wanted;
  wanted.bound_kind = bound["kind"].string_or("");
  wanted.bound_name = bound["name"].string_or("");
  wanted.bound_uid = bound["uid"].string_or("");
  const auto version = bound["apiVersion"].string_or("");
  if (version != "v1" || (wanted.bound_kind != "Pod" && wanted.bound_kind != "Secret"))
    return api::refuse(api::bad_request("cannot bind token for serviceaccount \"" + call.info.name +
                                        "\" to object of type " + version + ", Kind=" + wanted.bound_kind));
  return wanted;
}

}  // namespace

api::Answer<doc::Value> AccountTokens::request(api::Call& call) {
  TRY_ANSWER(auto body, api::read_body(call, "authentication.k8s.io/v1", "TokenRequest"));
  if (body.is_null()) body = doc::Object{};
  TRY_ANSWER(const auto wanted, wanted_of(call, body["spec"]));
  auto issued = issue(wanted);
  if (!issued) {
    const auto& error = issued.error();
    if (error.code == Code::not_found && error.message.starts_with("serviceaccounts "))
      return api::refuse(api::not_found(*call.resource, call.info.name));
    if (error.code == Code::conflict) return api::refuse(api::conflict(*call.resource, call.info.name, error.message));
    return api::refuse(api::from_error(error));
  }
  auto& object = body.as_object();
  object.set("kind", "TokenRequest");
  object.set("apiVersion", "authentication.k8s.io/v1");
  body.set_path("metadata.name", call.info.name);
  body.set_path("metadata.namespace", call.info.ns);
  body.set_path("spec.audiences", doc::Array(issued->audiences.begin(), issued->audiences.end()));
  body.set_path("spec.expirationSeconds", std::chrono::duration_cast<std::chrono::seconds>(wanted.lifetime).count());
  body.set_path("status",
                doc::Object{{"token", issued->token}, {"expirationTimestamp", core::render_rfc3339(issued->expires)}});
  return body;
}

void AccountTokens::serve(api::ApiServer& server) {
  server.serve_subresource("", "serviceaccounts", "token", [this](const api::CallPtr& call) {
    if (call->info.verb != api::Verb::create)
      return call->send(api::method_not_allowed("the server does not allow this method on the requested resource"));
    auto answer = request(*call);
    if (!answer) return call->send(answer.error());
    if (context_.events != nullptr) {
      core::Event event;
      event.actor = call->caller.on_record();
      event.action = "token-issued";
      event.object = "ServiceAccount " + call->name().text();
      event.detail = "until " + (*answer)["status"]["expirationTimestamp"].string_or("");
      context_.events->record(std::move(event));
    }
    call->send(201, *answer);
  });
}

void AccountTokens::add_routes(net::Router& router) {
  // Public keys are for everybody who has to check a token.
  const net::RouteOptions open{.public_ = true};
  router.add(
      "GET", "/.well-known/openid-configuration",
      [this](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
        const doc::Value document =
            doc::Object{{"issuer", issuer_},
                        {"jwks_uri", "http://" + std::string(request.header("Host")) + "/openid/v1/jwks"},
                        {"response_types_supported", doc::Array{"id_token"}},
                        {"subject_types_supported", doc::Array{"public"}},
                        {"id_token_signing_alg_values_supported", doc::Array{"ES256"}}};
        responder->send(net::Response::json(200, document));
      },
      open);
  router.add(
      "GET", "/openid/v1/jwks",
      [this](const net::Request&, const std::shared_ptr<net::Responder>& responder) {
        auto response = net::Response::json(200, key_set(key_));
        for (auto& [name, value] : response.headers) {
          if (name == "Content-Type") value = "application/jwk-set+json";
        }
        responder->send(std::move(response));
      },
      open);
}

}  // namespace slipway::objects::tokens
