#include "core/digest.hpp"
#include "objects/admission/webhooks.hpp"

namespace slipway::objects::admission {

Result<Verdict> read_verdict(std::string_view body, std::string_view uid, bool is_mutating) {
  const auto refuse = [](std::string why) { return fail(Code::invalid_argument, std::move(why)); };
  const auto review = doc::parse_json(body, "<answer>");
  if (!review) return refuse("the answer is not JSON: " + review.error().message);
  const auto version = (*review)["apiVersion"].string_or("");
  const auto kind = (*review)["kind"].string_or("");
  if (version != "admission.k8s.io/v1" || kind != "AdmissionReview") {
    return refuse("expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got " + version +
                  ", Kind=" + kind);
  }
  const auto& response = (*review)["response"];
  if (!response.is_object()) return refuse("webhook response was absent");
  if (const auto said = response["uid"].string_or(""); said != uid)
    return refuse("expected response.uid=\"" + std::string(uid) + "\", got \"" + said + "\"");
  Verdict verdict;
  verdict.allowed = response["allowed"].bool_or(false);
  verdict.status = response["status"];
  for (std::size_t i = 0; i < response["warnings"].size(); ++i)
    verdict.warnings.push_back(response["warnings"][i].string_or(""));
  const auto patch = response["patch"].string_or("");
  if (patch.empty()) return verdict;
  if (!is_mutating) return refuse("a validating webhook may not return response.patch");
  if (response["patchType"].string_or("") != "JSONPatch")
    return refuse("invalid response.patchType, expected \"JSONPatch\"");
  const auto bytes = core::from_base64(patch);
  if (!bytes) return refuse("response.patch: " + bytes.error().message);
  auto operations = doc::parse_json(*bytes, "<patch>");
  if (!operations || !operations->is_array()) return refuse("response.patch is no JSON patch");
  verdict.patch = std::move(*operations);
  return verdict;
}

api::Failure refusal_of(std::string_view webhook, const Verdict& verdict) {
  constexpr int least = 400;  // a refusal cannot be a success
  api::Failure failure;
  failure.code = std::max(least, static_cast<int>(verdict.status["code"].int_or(least)));
  if (failure.code > 599) failure.code = least;
  failure.reason = verdict.status["reason"].string_or("");
  failure.message = "admission webhook \"" + std::string(webhook) + "\" denied the request";
  const auto message = verdict.status["message"].string_or("");
  if (!message.empty()) {
    failure.message += ": " + message;
  } else if (!failure.reason.empty()) {
    failure.message += ": " + failure.reason;
  } else {
    failure.message += " without explanation";
  }
  const auto& causes = verdict.status["details"]["causes"];
  for (std::size_t i = 0; i < causes.size(); ++i) {
    failure.causes.push_back(
        {causes[i]["reason"].string_or(""), causes[i]["message"].string_or(""), causes[i]["field"].string_or("")});
  }
  return failure;
}

}  // namespace slipway::objects::admission
