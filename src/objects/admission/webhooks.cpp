#include "objects/admission/webhooks.hpp"

#include "core/log.hpp"
#include "objects/admission/matching.hpp"
#include "objects/patch/json_patch.hpp"

namespace slipway::objects::admission {
namespace {

constexpr std::string_view group_name = "admissionregistration.k8s.io";
constexpr std::int64_t usual_timeout = 10;

doc::Value review_document(const api::Review& review, std::string_view uid) {
  auto request = request_of(review, uid);
  request.as_object().set("object", review.object);
  request.as_object().set("oldObject", review.before);
  return doc::Object{
      {"kind", "AdmissionReview"}, {"apiVersion", "admission.k8s.io/v1"}, {"request", std::move(request)}};
}

}  // namespace

// One webhook that is to be asked.
struct Webhooks::Hook {
  doc::Value said;    // the entry of the configuration
  std::string error;  // why nobody knows whether it is to be asked
  std::string name() const { return said["name"].string_or(""); }
  bool fails_closed() const { return said["failurePolicy"].string_or("Fail") != "Ignore"; }
  bool is_asked_again() const { return said["reinvocationPolicy"].string_or("") == "IfNeeded"; }
};

// All webhooks about one write.
struct Webhooks::Round {
  std::shared_ptr<api::Review> review;  // of mutating ones; null otherwise
  std::shared_ptr<const api::Review> seen;
  std::vector<Hook> hooks;
  Done done;
  std::size_t next = 0;
  std::size_t changed_last = 0;  // the place after the last hook that changed the object
  bool is_second_time = false;
  std::string uid;
  const Hook& hook() const { return hooks[next]; }
};

Webhooks::Webhooks(api::Context& context)
    : context_(context),
      mutating_(context, std::string(group_name), "MutatingWebhookConfiguration"),
      validating_(context, std::string(group_name), "ValidatingWebhookConfiguration"),
      namespaces_(context, "", "Namespace"),
      client_(context) {}

const std::vector<NamedExpression>& Webhooks::conditions_of(const Object& configuration, std::size_t index) {
  const auto key = configuration.uid() + "/" + configuration.resource_version() + "/" + std::to_string(index);
  const auto found = compiled_.find(key);
  if (found != compiled_.end()) return found->second;
  constexpr std::size_t most_kept = 256;  // older versions of configurations go with the rest
  if (compiled_.size() > most_kept) compiled_.clear();
  return compiled_[key] = compile_conditions(configuration.document()["webhooks"][index]["matchConditions"]);
}

std::vector<Webhooks::Hook> Webhooks::hooks_for(Kept& configurations, const api::Review& review) {
  std::vector<Hook> hooks;
  if (is_exempt(review) || configurations.all().empty()) return hooks;
  const doc::Value unknown;
  const auto* space = review.resource->namespaced ? namespaces_.find({"", review.name.ns}) : nullptr;
  const auto& namespace_object = space == nullptr ? unknown : space->document();
  doc::Value request;  // made when the first condition asks for it
  for (const auto& configuration : configurations.all()) {
    const auto& entries = configuration.document()["webhooks"];
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!matches_any_rule(entries[i]["rules"], review) || !matches_selectors(entries[i], review, namespace_object))
        continue;
      Hook hook{entries[i], ""};
      if (entries[i]["matchConditions"].size() > 0) {
        expr::cel::Budget budget(expr::cel::Budget::per_policy);
        expr::cel::Bindings bindings;
        if (request.is_null()) request = request_of(review, "");
        bind(bindings, {review.object, review.before, request, unknown, namespace_object});
        const auto matched = evaluate(conditions_of(configuration, i), bindings, budget);
        if (!matched.holds) continue;
        hook.error = matched.error;
        if (!hook.error.empty() && !hook.fails_closed()) continue;
      }
      hooks.push_back(std::move(hook));
    }
  }
  return hooks;
}

bool Webhooks::mutate(std::shared_ptr<api::Review> review, Done done) {
  return ask(mutating_, review, review, std::move(done));
}

bool Webhooks::validate(std::shared_ptr<const api::Review> review, Done done) {
  return ask(validating_, std::move(review), nullptr, std::move(done));
}

bool Webhooks::ask(Kept& configurations, std::shared_ptr<const api::Review> seen, std::shared_ptr<api::Review> mutated,
                   Done done) {
  auto hooks = hooks_for(configurations, *seen);
  if (hooks.empty()) return false;
  auto round = std::make_shared<Round>();
  round->hooks = std::move(hooks);
  round->seen = std::move(seen);
  round->review = std::move(mutated);
  round->done = std::move(done);
  run(std::move(round));
  return true;
}

void Webhooks::run(std::shared_ptr<Round> round) {
  if (round->next == round->hooks.size()) {
    // What was asked before a later one changed the object may want to look again; once.
    std::vector<Hook> again;
    for (std::size_t i = 0; i + 1 < round->changed_last; ++i) {
      if (round->hooks[i].is_asked_again()) again.push_back(round->hooks[i]);
    }
    if (round->is_second_time || again.empty()) return round->done({});
    round->hooks = std::move(again);
    round->next = round->changed_last = 0;
    round->is_second_time = true;
  }
  const auto& hook = round->hook();
  if (!hook.error.empty())
    return round->done(api::refuse(api::forbidden(*round->seen->resource, round->seen->name.name,
                                                  "admission webhook \"" + hook.name() + "\": " + hook.error)));
  const auto effects = hook.said["sideEffects"].string_or("");
  if (round->seen->dry_run && effects != "None" && effects != "NoneOnDryRun") {
    return round->done(
        api::refuse(api::bad_request("admission webhook \"" + hook.name() + "\" does not support dry run")));
  }
  round->uid = context_.world.random.uuid();
  const std::chrono::seconds timeout(hook.said["timeoutSeconds"].int_or(usual_timeout));
  client_.post(hook.said["clientConfig"], timeout, review_document(*round->seen, round->uid),
               [this, round](const Result<core::HttpResponse>& response) { answered(round, response); });
}

void Webhooks::answered(const std::shared_ptr<Round>& round, const Result<core::HttpResponse>& response) {
  if (auto taken = take(*round, response); !taken) return round->done(std::move(taken));
  ++round->next;
  run(round);
}

api::Answer<> Webhooks::take(Round& round, const Result<core::HttpResponse>& response) {
  const auto& hook = round.hook();
  const auto failed = [&](const std::string& why) -> api::Answer<> {
    if (hook.fails_closed())
      return api::refuse(api::internal("failed calling webhook \"" + hook.name() + "\": " + why));
    core::log::warn("objects", "a webhook failed and is left out", {{"webhook", hook.name()}, {"why", why}});
    return {};
  };
  if (!response) return failed("failed to call webhook: " + response.error().one_line());
  if (response->status != 200)
    return failed("failed to call webhook: the server answered with status " + std::to_string(response->status));
  auto verdict = read_verdict(response->body, round.uid, round.review != nullptr);
  if (!verdict) return failed("received invalid webhook response: " + verdict.error().message);
  for (auto& warning : verdict->warnings) round.seen->warnings.push_back(std::move(warning));
  if (!verdict->allowed) return api::refuse(refusal_of(hook.name(), *verdict));
  if (verdict->patch.is_null()) return {};
  if (round.review->object.is_null()) {
    return api::refuse(api::internal("admission webhook \"" + hook.name() +
                                     "\" attempted to modify the object, which is not supported for this operation"));
  }
  auto patched = patch::apply_json_patch(round.review->object, verdict->patch);
  if (!patched) return failed("the patch does not fit: " + patched.error().message);
  if (!(*patched == round.review->object)) round.changed_last = round.next + 1;
  round.review->object = std::move(*patched);
  return {};
}

}  // namespace slipway::objects::admission
