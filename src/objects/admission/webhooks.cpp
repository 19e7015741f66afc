#include "objects/admission/webhooks.hpp"

#include "core/digest.hpp"
#include "core/log.hpp"
#include "objects/admission/matching.hpp"
#include "objects/patch/json_patch.hpp"

namespace slipway::objects::admission {
namespace {

constexpr std::string_view group_name = "admissionregistration.k8s.io";
constexpr std::int64_t usual_timeout = 10;
constexpr std::size_t largest_answer = 8UL * 1024 * 1024;

doc::Value review_document(const api::Review& review, std::string_view uid) {
  auto request = request_of(review, uid);
  request.as_object().set("object", review.object);
  request.as_object().set("oldObject", review.before);
  return doc::Object{
      {"kind", "AdmissionReview"}, {"apiVersion", "admission.k8s.io/v1"}, {"request", std::move(request)}};
}

bool is_ready(const doc::Value& endpoint) { return endpoint["conditions"]["ready"].bool_or(true); }

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
  std::shared_ptr<api::Review> review;  // of mutating ones
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
      services_(context, "", "Service"),
      slices_(context, "discovery.k8s.io", "EndpointSlice") {}

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
  for (const auto& configuration : configurations.all()) {
    const auto& entries = configuration.document()["webhooks"];
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!matches_any_rule(entries[i]["rules"], review) || !matches_selectors(entries[i], review, namespace_object))
        continue;
      Hook hook{entries[i], ""};
      if (entries[i]["matchConditions"].size() > 0) {
        expr::cel::Budget budget(expr::cel::Budget::per_policy);
        expr::cel::Bindings bindings;
        const auto request = request_of(review, "");
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

bool Webhooks::wants_to_mutate(const api::Review& review) { return !hooks_for(mutating_, review).empty(); }
bool Webhooks::wants_to_validate(const api::Review& review) { return !hooks_for(validating_, review).empty(); }

void Webhooks::mutate(std::shared_ptr<api::Review> review, Done done) {
  auto round = std::make_shared<Round>();
  round->hooks = hooks_for(mutating_, *review);
  round->seen = review;
  round->review = std::move(review);
  round->done = std::move(done);
  run(std::move(round));
}

void Webhooks::validate(std::shared_ptr<const api::Review> review, Done done) {
  auto round = std::make_shared<Round>();
  round->hooks = hooks_for(validating_, *review);
  round->seen = std::move(review);
  round->done = std::move(done);
  run(std::move(round));
}

Result<std::string> Webhooks::address_of(const doc::Value& service) {
  const Name name{service["namespace"].string_or(""), service["name"].string_or("")};
  const auto port = service["port"].int_or(443);
  const auto* found = services_.find(name);
  if (found == nullptr) return fail(Code::not_found, "service \"" + name.name + "\" not found");
  const doc::Value* entry = nullptr;
  const auto& ports = found->spec()["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i]["port"].int_or(0) == port) entry = &ports[i];
  }
  if (entry == nullptr)
    return fail(Code::not_found,
                "no service port " + std::to_string(port) + " found for service \"" + name.name + "\"");
  for (const auto& slice : slices_.all()) {
    if (slice.name().ns != name.ns || slice.label("kubernetes.io/service-name") != name.name) continue;
    const auto& own_ports = slice.document()["ports"];
    const auto& endpoints = slice.document()["endpoints"];
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      if (!is_ready(endpoints[i]) || endpoints[i]["addresses"].size() == 0) continue;
      for (std::size_t k = 0; k < own_ports.size(); ++k) {
        if (own_ports[k]["name"].string_or("") != (*entry)["name"].string_or("")) continue;
        const auto address = endpoints[i]["addresses"][std::size_t{0}].string_or("");
        const bool is_v6 = address.find(':') != std::string::npos;
        return (is_v6 ? "[" + address + "]" : address) + ":" + own_ports[k]["port"].string_or("");
      }
    }
  }
  return fail(Code::unavailable, "no endpoints available for service \"" + name.name + "\"");
}

Result<core::HttpRequest> Webhooks::request_to(const Hook& hook) {
  const auto& client = hook.said["clientConfig"];
  const auto seconds = hook.said["timeoutSeconds"].int_or(usual_timeout);
  core::HttpRequest request;
  request.method = "POST";
  request.timeout = std::chrono::seconds(seconds);
  request.max_response = largest_answer;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  core::TlsSettings tls;
  if (const auto bundle = client["caBundle"].string_or(""); !bundle.empty()) {
    TRY_ASSIGN(tls.ca, core::from_base64(bundle));
  }
  if (const auto url = client["url"].string_or(""); !url.empty()) {
    request.url = url;
  } else {
    const auto& service = client["service"];
    TRY_ASSIGN(const auto address, address_of(service));
    auto path = service["path"].string_or("");
    if (!path.starts_with('/')) path.insert(0, "/");
    request.url = "https://" + address + path;
    tls.server_name = service["name"].string_or("") + "." + service["namespace"].string_or("") + ".svc";
  }
  request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + std::string("timeout=") +
                 std::to_string(seconds) + "s";
  request.tls = std::make_shared<const core::TlsSettings>(std::move(tls));
  return request;
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
  auto request = request_to(hook);
  if (!request) return answered(round, fail(std::move(request).error()));
  round->uid = context_.world.random.uuid();
  request->body = doc::render_json(review_document(*round->seen, round->uid));
  context_.world.http.send(std::move(*request),
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
