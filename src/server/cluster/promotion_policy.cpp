#include "server/cluster/promotion_policy.hpp"

#include "objects/kinds.hpp"

namespace slipway::server {
namespace {

using objects::Object;

constexpr objects::Kind review{"authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", false};
constexpr objects::Kind policy{"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy",
                               "validatingadmissionpolicies", false};
constexpr objects::Kind binding{"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding",
                                "validatingadmissionpolicybindings", false};
constexpr const char* policy_name = "promotions.slipway.dev";

// Who we are to the API server.
Result<std::string> own_user(objects::KubernetesStore& cluster) {
  TRY_ASSIGN(const auto answer, cluster.create(Object::make(review, {"", "slipway"})));
  auto user = answer.status()["userInfo"]["username"].string_or("");
  if (user.empty()) return fail(Code::unauthenticated, "the API server does not say who we are");
  return user;
}

Object policy_binding() {
  auto object = Object::make(binding, {"", policy_name});
  object.spec() = doc::Object{{"policyName", policy_name}, {"validationActions", doc::Array{"Deny"}}};
  return object;
}

}  // namespace

Object promotion_policy(const std::string& user) {
  const auto& kind = objects::kinds::promotion;
  auto object = Object::make(policy, {"", policy_name});
  doc::Object rule{{"apiGroups", doc::Array{kind.group}},
                   {"apiVersions", doc::Array{"*"}},
                   {"operations", doc::Array{"CREATE", "UPDATE"}},
                   {"resources", doc::Array{kind.plural, std::string(kind.plural) + "/status"}}};
  // A JSON string is one of CEL, too.
  doc::Object validation{{"expression", "request.userInfo.username == " + doc::render_json(doc::Value(user))},
                         {"message", promotions_are_asked_for}};
  object.spec() = doc::Object{{"failurePolicy", "Fail"},
                              {"matchConstraints", doc::Object{{"resourceRules", doc::Array{std::move(rule)}}}},
                              {"validations", doc::Array{std::move(validation)}}};
  return object;
}

Result<> protect_promotions(objects::KubernetesStore& cluster) {
  const objects::FieldOwner owner{"slipway", true};
  TRY_ASSIGN(const auto user, own_user(cluster));
  TRY(cluster.apply_fields(promotion_policy(user), owner));
  TRY(cluster.apply_fields(policy_binding(), owner));
  return {};
}

}  // namespace slipway::server
