#pragma once
// Webhooks: MutatingWebhookConfigurations and ValidatingWebhookConfigurations: others who have a say in writes, asked
// over HTTPS with an AdmissionReview of admission.k8s.io/v1.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
//
// One after the other, in order of their configurations' names; each answer of a mutating one is seen by the next.

#include <map>

#include "objects/admission/expressions.hpp"
#include "objects/admission/kept.hpp"
#include "objects/webhooks/client.hpp"

namespace slipway::objects::admission {

// What a webhook said. Pure.
struct Verdict {
  bool allowed = false;
  doc::Value status;  // metav1.Status of a refusal; may be null
  doc::Value patch;   // operations of JSON patch; null: none
  std::vector<std::string> warnings;
};
// Strict: kind, version, uid and the patch's type must be right. invalid_argument otherwise.
Result<Verdict> read_verdict(std::string_view body, std::string_view uid, bool is_mutating);
// A refusal as whoever wrote is told it.
api::Failure refusal_of(std::string_view webhook, const Verdict& verdict);

class Webhooks final : public api::RemoteAdmission {
 public:
  explicit Webhooks(api::Context& context);
  bool mutate(std::shared_ptr<api::Review> review, Done done) override;
  bool validate(std::shared_ptr<const api::Review> review, Done done) override;

 private:
  struct Hook;
  struct Round;
  // `mutated` is the same review when they may change the object, null otherwise.
  bool ask(Kept& configurations, std::shared_ptr<const api::Review> seen, std::shared_ptr<api::Review> mutated,
           Done done);
  std::vector<Hook> hooks_for(Kept& configurations, const api::Review& review);
  const std::vector<NamedExpression>& conditions_of(const Object& configuration, std::size_t index);
  void run(std::shared_ptr<Round> round);
  void answered(const std::shared_ptr<Round>& round, const Result<core::HttpResponse>& response);
  api::Answer<> take(Round& round, const Result<core::HttpResponse>& response);

  api::Context& context_;
  Kept mutating_, validating_, namespaces_;
  webhooks::Client client_;
  std::map<std::string, std::vector<NamedExpression>> compiled_;  // by uid, version and index
};

}  // namespace slipway::objects::admission
