#include "objects/api/scale.hpp"

#include "objects/api/body.hpp"
#include "objects/api/output.hpp"
#include "objects/conversion/scale.hpp"
#include "objects/patch/json_patch.hpp"
#include "objects/patch/merge_patch.hpp"
#include "objects/patch/strategic_merge.hpp"

namespace slipway::objects::api {
namespace {

Failure scale_failure(const Call& call, const Error& error) {
  if (error.code == Code::failed_precondition)
    return invalid(*call.resource, call.info.name, {{"FieldValueInvalid", error.message, "spec.replicas"}});
  return from_error(error, call.resource.get(), call.info.name);
}

Answer<doc::Value> patched_scale(PatchType type, doc::Value scale, const doc::Value& body) {
  Result<doc::Value> result;
  if (type == PatchType::json) {
    result = patch::apply_json_patch(std::move(scale), body);
  } else if (type == PatchType::strategic) {
    result =
        patch::apply_strategic_merge(std::move(scale), body, *schema::builtin().find_body("autoscaling/v1", "Scale"));
  } else {
    result = patch::apply_merge_patch(std::move(scale), body);
  }
  if (!result) return refuse(bad_request(result.error().message));
  return std::move(*result);
}

// `scaled_of` makes the Scale that is wanted of the one that is.
using Scaling = std::function<Answer<doc::Value>(const Call&, doc::Value)>;

Writes::Plan plan_of(Scaling scaling, bool may_try_again) {
  Writes::Plan plan;
  plan.action = "scaled";
  plan.may_try_again = may_try_again;
  plan.compose = [scaling = std::move(scaling)](Call& call, std::optional<Current> current,
                                                const Making&) -> Answer<Draft> {
    if (!current) return refuse(not_found(*call.resource, call.info.name));
    auto scale = conversion::scale_of(current->object, *call.stored);
    if (!scale) return refuse(scale_failure(call, scale.error()));
    TRY_ANSWER(const auto wanted, scaling(call, std::move(*scale)));
    auto changed = conversion::with_scale(current->object, wanted, *call.stored);
    if (!changed) return refuse(scale_failure(call, changed.error()));
    const auto& version = std::as_const(*changed)["metadata"]["resourceVersion"];
    if (!version.is_null() && !(version == current->object["metadata"]["resourceVersion"]))
      return refuse(modified_meanwhile(*call.resource, call.info.name));
    Draft draft;
    draft.before = std::move(current->object);
    draft.version = current->version;
    draft.after = verbs::updated(*call.stored, draft.before, std::move(*changed));
    return draft;
  };
  return plan;
}

}  // namespace

void Scales::get(const CallPtr& call) {
  auto found = context_.backend.find(call->kind, call->name());
  if (!found) return call->send(from_error(found.error()));
  if (!*found) return call->send(not_found(*call->resource, call->info.name));
  auto object = (*found)->parse();
  if (!object) return call->send(from_error(object.error()));
  auto scale = conversion::scale_of(object->document(), *call->stored);
  if (!scale) return call->send(scale_failure(*call, scale.error()));
  call->send(200, *scale);
}

void Scales::handle(CallPtr call) {
  if (call->info.verb == Verb::get) return get(call);
  Writes::Plan plan;
  if (call->info.verb == Verb::update) {
    auto body = read_body(*call, "autoscaling/v1", "Scale");
    if (!body) return call->send(body.error());
    const bool unconditional = (*body)["metadata"]["resourceVersion"].string_or("").empty();
    plan = plan_of([body = std::move(*body)](const Call&, doc::Value) -> Answer<doc::Value> { return body; },
                   unconditional);
  } else {
    const auto type = patch_type_of(*call);
    if (!type) return call->send(type.error());
    if (*type == PatchType::apply) {
      return call->send(unsupported_media_type("apply of a scale is not served; use a merge patch"));
    }
    auto body = read_patch(*call);
    if (!body) return call->send(body.error());
    plan = plan_of([body = std::move(*body), type = *type](
                       const Call&, doc::Value scale) { return patched_scale(type, std::move(scale), body); },
                   true);
  }
  const auto resource = call->stored;
  plan.shown = [resource](const doc::Value& object) {
    return conversion::scale_of(object, *resource).value_or(doc::Value(doc::Object{}));
  };
  writes_.run(std::move(call), std::move(plan));
}

}  // namespace slipway::objects::api
