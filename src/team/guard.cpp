#include "team/guard.hpp"

#include <algorithm>
#include <array>

#include "net/addresses.hpp"
#include "net/headers.hpp"
#include "objects/api/request_info.hpp"

namespace slipway::team {
namespace {

// What changing something under a path needs. The first matching prefix counts; what nothing matches needs an
// administrator, so that a forgotten route is closed rather than open.
struct Rule {
  std::string_view prefix;
  std::optional<Verb> verb;
};
constexpr std::array rules = {
    Rule{"/api/slipway/v1/tokens", Verb::administer},
    Rule{"/api/slipway/v1/blobs", Verb::register_model},
    Rule{"/api/slipway/v1/models", Verb::register_model},
    // Approving and rejecting lie below it too: the Environment says which roles count, so any person may ask.
    Rule{"/api/slipway/v1/promotions/", std::nullopt},
    Rule{"/api/slipway/v1/promotions", Verb::promote},
    Rule{"/api/slipway/v1/rollouts", Verb::steer_rollout},
    Rule{"/api/slipway/v1/runs", Verb::run},
    Rule{"/api/model_registry/", Verb::register_model},
    Rule{"/apis/v2beta1/", Verb::run},
    Rule{"/api/v3/repos/", Verb::run},
    Rule{"/api/v1/", Verb::apply},
    Rule{"/apis/", Verb::apply},
};

bool is_kubernetes(std::string_view path) {
  return path.starts_with("/api/v1/") || (path.starts_with("/apis/") && !path.starts_with("/apis/v2beta1/"));
}

// What an API server says of itself.
bool is_document(std::string_view path) {
  constexpr std::array documents = {"/api",     "/api/v1",  "/apis",  "/version",
                                    "/metrics", "/healthz", "/livez", "/readyz"};
  if (std::ranges::find(documents, path) != documents.end()) return true;
  for (const std::string_view below : {"/openapi/", "/healthz/", "/livez/", "/readyz/"}) {
    if (path.starts_with(below)) return true;
  }
  return false;
}

bool is_reading(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

// What goes into a Pod or through it, whatever the method: WebSockets begin with GET.
bool is_connection(std::string_view method, std::string_view path) {
  return objects::api::request_info_of(method, path, false).verb == objects::api::Verb::connect;
}

// "127.0.0.1:53122", "[::1]:53122"
bool is_from_this_machine(const net::Request& request) {
  std::string_view address = request.remote;
  address = address.substr(0, address.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return net::is_loopback(address);
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

std::string sentence(const Error& error) {
  return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

}  // namespace

Requirement requirement_of(std::string_view method, std::string_view path, const GuardOptions& options) {
  // The router takes "/promotions/" for "/promotions": one slash more must not ask for less.
  while (path.ends_with('/')) path.remove_suffix(1);
  // Who holds tokens is nobody else's business, and what is in a Secret neither.
  const bool secret = path.starts_with("/api/slipway/v1/tokens") ||
                      (path.starts_with("/api/v1/") && (path.contains("/secrets/") || path.ends_with("/secrets")));
  if (is_connection(method, path)) return {true, options.api_decides ? std::nullopt : std::optional(Verb::apply)};
  const bool is_judged = options.api_decides && options.shared && (is_kubernetes(path) || is_document(path));
  if (is_reading(method) && is_judged) return {false, std::nullopt};
  if (is_reading(method) && !secret)
    return {!options.open_reading, std::nullopt, options.shared && path != "/api/slipway/v1/whoami"};
  if (options.api_decides && is_kubernetes(path)) return {true, std::nullopt};
  for (const auto& rule : rules) {
    if (path.starts_with(rule.prefix)) return {true, rule.verb};
  }
  return {true, Verb::administer};
}

net::Response refusal(std::string_view path, const core::Error& error) {
  const int status = core::http_status(error.code);
  const bool unauthenticated = error.code == Code::unauthenticated;
  net::Response response;
  if (path.starts_with("/apis/v2beta1/")) {
    doc::Object body{{"error", sentence(error)}, {"code", unauthenticated ? 16 : 7}, {"message", sentence(error)}};
    body.set("details", doc::Array{});
    response = net::Response::json(status, std::move(body));
  } else if (path.starts_with("/api/v1/") || path == "/api/v1" || path.starts_with("/apis")) {
    doc::Object body{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", doc::Object{}}, {"status", "Failure"}};
    body.set("message", sentence(error));
    body.set("reason", unauthenticated ? "Unauthorized" : "Forbidden");
    body.set("code", status);
    response = net::Response::json(status, std::move(body));
  } else if (path.starts_with("/api/model_registry/")) {
    doc::Object body{{"code", unauthenticated ? "Unauthorized" : "Forbidden"}, {"message", sentence(error)}};
    response = net::Response::json(status, std::move(body));
  } else {
    response = net::error_response(error);
  }
  if (unauthenticated) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"slipway\"");
  return response;
}

// A token if there is one, else a certificate; nullopt for nobody.
Result<std::optional<Principal>> caller_of(const Team& team, net::Request& request) {
  TRY_ASSIGN(auto caller, team.authenticate(request.headers));
  if (caller) {  // a certificate beside it says nothing: neither who it is nor of which groups
    request.client_subject.clear();
    request.client_organizations.clear();
    return caller;
  }
  if (request.client_subject.empty()) return caller;
  TRY_ASSIGN(auto owner, team.owner_of_certificate(request.client_subject, request.client_organizations));
  return std::optional<Principal>(std::move(owner));
}

// A service account of the Kubernetes API, or somebody whom a certificate alone names.
Error not_of_the_team(const Principal& principal) {
  return {Code::permission_denied, principal.id + " has no role in the team, and this is for the team to read",
          "an administrator gives roles in team.yaml; RBAC decides over the Kubernetes API alone"};
}

// What an Environment counts as somebody's approval.
bool is_decision(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.starts_with("/api/slipway/v1/promotions/") && (path.ends_with("/approve") || path.ends_with("/reject"));
}

net::Router::Guard make_guard(const Team& team, GuardOptions options) {
  return [&team, options](net::Request& request, net::Responder& responder) {
    net::remove_header(request.headers, net::principal_header);
    net::remove_header(request.headers, net::roles_header);
    net::remove_header(request.headers, net::account_header);

    auto refuse = [&](const Error& error) {
      responder.send(refusal(request.path, error));
      return false;
    };
    auto options_here = options;
    if (options.shared && !is_from_this_machine(request)) options_here.open_reading = false;
    const auto needs = requirement_of(request.method, request.path, options_here);
    const auto caller = caller_of(team, request);
    if (!caller) return refuse(caller.error());
    if (!*caller) {
      if (!needs.credentials) return true;
      return refuse(Error(Code::unauthenticated, "this needs a token", "send Authorization: Bearer TOKEN"));
    }
    const Principal& principal = **caller;
    auto allowed = needs.verb ? authorise(principal, *needs.verb, "") : core::Result<>();
    if (needs.is_of_the_team && principal.roles.empty()) allowed = fail(not_of_the_team(principal));
    if (allowed && principal.service && is_decision(request.path))
      allowed = fail(Code::permission_denied, principal.id + " is a program: approvals are given by people");
    if (!allowed) {
      if (options.events != nullptr) {
        core::Event event;
        event.actor = principal.id;
        event.action = "denied";
        event.object = request.method + " " + request.path;
        event.detail = allowed.error().message;
        options.events->record(std::move(event));
      }
      return refuse(allowed.error());
    }
    request.headers.emplace_back(net::principal_header, principal.id);
    request.headers.emplace_back(net::roles_header, join(principal.roles));
    if (!principal.account.empty()) request.headers.emplace_back(net::account_header, principal.account);
    return true;
  };
}

}  // namespace slipway::team
