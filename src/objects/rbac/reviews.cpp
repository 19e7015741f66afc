#include "objects/rbac/reviews.hpp"

#include "objects/api/body.hpp"

namespace slipway::objects::rbac {
namespace {

constexpr std::string_view authorization = "authorization.k8s.io";
constexpr std::string_view authentication = "authentication.k8s.io";

using Fill = std::function<api::Answer<doc::Value>(api::Call& call, doc::Value& review)>;

api::CallHandler answering(Fill fill) {
  return [fill = std::move(fill)](const api::CallPtr& call) {
    if (call->resource->namespaced && call->info.ns.empty()) return call->send(api::no_such_path());
    auto review = api::read_object(*call);
    if (!review) return call->send(review.error());
    auto status = fill(*call, *review);
    if (!status) return call->send(status.error());
    review->as_object().set("status", std::move(*status));
    call->send(201, *review);
  };
}

std::vector<std::string> texts_of(const doc::Value& list) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < list.size(); ++i) texts.push_back(list[i].string_or(""));
  return texts;
}

doc::Array array_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

api::Answer<> refuse_invalid(const api::Call& call, std::string field, std::string message) {
  return api::refuse(api::invalid(*call.resource, "", {{"FieldValueInvalid", std::move(message), std::move(field)}}));
}

api::Answer<Attributes> wanted_in(const api::Call& call, const doc::Value& spec, api::Caller user) {
  const auto& of_resource = spec["resourceAttributes"];
  const auto& of_url = spec["nonResourceAttributes"];
  if (of_resource.is_object() == of_url.is_object()) {
    constexpr const char* one =
        "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified";
    TRY_DONE(refuse_invalid(call, "spec.resourceAttributes", one));
  }
  Attributes wanted;
  wanted.user = std::move(user);
  if (of_url.is_object()) {
    wanted.is_resource = false;
    wanted.path = of_url["path"].string_or("");
    wanted.verb = of_url["verb"].string_or("");
    return wanted;
  }
  const auto text = [&](std::string_view key) { return of_resource[key].string_or(""); };
  wanted.verb = text("verb");
  wanted.group = text("group");
  wanted.version = text("version");
  wanted.resource = text("resource");
  wanted.subresource = text("subresource");
  wanted.ns = text("namespace");
  wanted.name = text("name");
  return wanted;
}

doc::Value status_of(const Decision& decision) {
  doc::Object status{{"allowed", decision.allowed}};
  if (!decision.reason.empty()) status.append("reason", decision.reason);
  return status;
}

api::Answer<api::Caller> user_in(const api::Call& call, const doc::Value& spec) {
  api::Caller user{.name = spec["user"].string_or(""),
                   .uid = spec["uid"].string_or(""),
                   .groups = texts_of(spec["groups"]),
                   .extra = {}};
  if (user.name.empty() && user.groups.empty())
    TRY_DONE(refuse_invalid(call, "spec.user", "Invalid value: \"\": at least one of user or group must be specified"));
  return user;
}

doc::Value resource_rule(const Rule& rule) {
  doc::Object value{
      {"verbs", array_of(rule.verbs)}, {"apiGroups", array_of(rule.groups)}, {"resources", array_of(rule.resources)}};
  if (!rule.names.empty()) value.append("resourceNames", array_of(rule.names));
  return value;
}

doc::Value rules_status(Authorizer& authorizer, const api::Caller& caller, const std::string& ns) {
  auto held = authorizer.policy().rules_for(caller, ns);
  if (authorizer.reads_openly(caller)) {
    held.rules.push_back({{"get", "list", "watch"}, {"*"}, {"*"}, {}, {}});
    held.rules.push_back({{"get"}, {}, {}, {}, {"*"}});
  }
  doc::Array resources;
  doc::Array urls;
  for (const auto& rule : held.rules) {
    if (!rule.resources.empty()) resources.push_back(resource_rule(rule));
    if (rule.urls.empty()) continue;
    doc::Object url{{"verbs", array_of(rule.verbs)}, {"nonResourceURLs", array_of(rule.urls)}};
    urls.emplace_back(std::move(url));
  }
  std::string problems;
  for (const auto& problem : held.problems) problems += (problems.empty() ? "" : ", ") + problem;
  doc::Object status{{"resourceRules", std::move(resources)},
                     {"nonResourceRules", std::move(urls)},
                     {"incomplete", !problems.empty()}};
  if (!problems.empty()) status.append("evaluationError", problems);
  return status;
}

doc::Value token_status(const Result<Proven>& proven) {
  doc::Object status;
  if (!proven) {
    status.append("authenticated", false);
    status.append("error", proven.error().message);
    return status;
  }
  status.append("authenticated", true);
  status.append("user", proven->caller.user_info());
  if (!proven->audiences.empty()) status.append("audiences", array_of(proven->audiences));
  return status;
}

}  // namespace

void serve_reviews(api::ApiServer& server, Authorizer& authorizer, ProveToken prove) {
  server.serve_virtual(authentication, "selfsubjectreviews",
                       answering([](api::Call& call, doc::Value&) -> api::Answer<doc::Value> {
                         return doc::Object{{"userInfo", call.caller.user_info()}};
                       }));
  server.serve_virtual(authentication, "tokenreviews",
                       answering([prove = std::move(prove)](api::Call&, doc::Value& review) -> api::Answer<doc::Value> {
                         const auto& spec = review["spec"];
                         const auto token = spec["token"].string_or("");
                         if (token.empty())
                           return api::refuse(api::bad_request("token is required for TokenReview in authentication"));
                         return token_status(prove(token, texts_of(spec["audiences"])));
                       }));
  const auto decide = [&authorizer](const Attributes& wanted) { return status_of(authorizer.decide(wanted)); };
  server.serve_virtual(authorization, "selfsubjectaccessreviews",
                       answering([decide](api::Call& call, doc::Value& review) -> api::Answer<doc::Value> {
                         TRY_ANSWER(const auto wanted, wanted_in(call, review["spec"], call.caller));
                         return decide(wanted);
                       }));
  server.serve_virtual(authorization, "subjectaccessreviews",
                       answering([decide](api::Call& call, doc::Value& review) -> api::Answer<doc::Value> {
                         TRY_ANSWER(auto user, user_in(call, review["spec"]));
                         TRY_ANSWER(const auto wanted, wanted_in(call, review["spec"], std::move(user)));
                         return decide(wanted);
                       }));
  server.serve_virtual(authorization, "localsubjectaccessreviews",
                       answering([decide](api::Call& call, doc::Value& review) -> api::Answer<doc::Value> {
                         const auto& spec = review["spec"];
                         TRY_ANSWER(auto user, user_in(call, spec));
                         if (spec["nonResourceAttributes"].is_object())
                           TRY_DONE(refuse_invalid(call, "spec.nonResourceAttributes",
                                                   "Invalid value: null: disallowed on this kind of request"));
                         TRY_ANSWER(const auto wanted, wanted_in(call, spec, std::move(user)));
                         if (wanted.ns != call.info.ns)
                           TRY_DONE(refuse_invalid(
                               call, "spec.resourceAttributes.namespace",
                               "Invalid value: \"" + wanted.ns + "\": must match metadata.namespace: " + call.info.ns));
                         return decide(wanted);
                       }));
  server.serve_virtual(authorization, "selfsubjectrulesreviews",
                       answering([&authorizer](api::Call& call, doc::Value& review) -> api::Answer<doc::Value> {
                         const auto ns = review["spec"]["namespace"].string_or("");
                         if (ns.empty()) return api::refuse(api::bad_request("no namespace on request"));
                         return rules_status(authorizer, call.caller, ns);
                       }));
}

}  // namespace slipway::objects::rbac
