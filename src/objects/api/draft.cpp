#include "objects/api/draft.hpp"

#include "objects/api/body.hpp"
#include "objects/api/context.hpp"
#include "objects/patch/apply.hpp"
#include "objects/patch/json_patch.hpp"
#include "objects/patch/merge_patch.hpp"
#include "objects/patch/strategic_merge.hpp"
#include "objects/semantics.hpp"
#include "objects/verbs/strategy.hpp"

namespace slipway::objects::api {
namespace {

std::string name_in(const doc::Value& object) { return object["metadata"]["name"].string_or(""); }

// Into the stored version and its one form.
Answer<doc::Value> canonical(const Call& call, doc::Value given) {
  verbs::make_canonical(*call.resource, given);
  if (!call.is_converted()) return given;
  auto converted = to_stored(call, std::move(given));
  if (!converted) return refuse(bad_request(converted.error().one_line()));
  verbs::make_canonical(*call.stored, *converted);
  return std::move(*converted);
}

Answer<> check_preconditions(const Call& call, const Current& current, const doc::Value& given,
                             bool may_be_unconditional) {
  const auto& metadata = given["metadata"];
  const auto& stored = current.object["metadata"];
  if (const auto uid = metadata["uid"].string_or(""); !uid.empty() && uid != stored["uid"].string_or("")) {
    return refuse(conflict(
        *call.resource, call.info.name,
        "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + stored["uid"].string_or("")));
  }
  const auto version = metadata["resourceVersion"].string_or("");
  if (version.empty() || version == "0") {
    if (may_be_unconditional) return {};
    schema::Resource named = *call.resource;
    named.kind = named.plural;
    return refuse(invalid(
        named, call.info.name,
        {{"FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion"}}));
  }
  if (version != stored["resourceVersion"].string_or("")) {
    return refuse(modified_meanwhile(*call.resource, call.info.name));
  }
  return {};
}

Answer<> check_finalizers(const Call& call, const doc::Value& before, const doc::Value& after) {
  const auto added = verbs::finalizers_added_too_late(before, after);
  if (added.empty()) return {};
  std::string list;
  for (const auto& finalizer : added) list += (list.empty() ? "\"" : ", \"") + finalizer + "\"";
  return refuse(invalid(*call.resource, call.info.name,
                        {{"FieldValueForbidden",
                          "Forbidden: no new finalizers can be added if the object is being deleted, found new "
                          "finalizers []string{" +
                              list + "}",
                          "metadata.finalizers"}}));
}

// `given` is in the stored version and canonical.
Answer<Draft> draft_change(Call& call, Current current, doc::Value given, bool is_owned) {
  Draft draft;
  draft.before = std::move(current.object);
  draft.version = current.version;
  draft.after = verbs::updated(*call.stored, draft.before, std::move(given), call.info.subresource);
  verbs::make_canonical(*call.stored, draft.after);
  TRY_DONE(check_finalizers(call, draft.before, draft.after));
  draft.is_owned = is_owned;
  return draft;
}

Answer<Draft> draft_new(Call& call, doc::Value given, const Making& making, bool is_owned) {
  auto& metadata = given.at_or_insert("metadata");
  if (name_in(given).empty()) {
    const auto prefix = metadata["generateName"].string_or("");
    if (!prefix.empty()) metadata.at_or_insert("name") = generated_name(prefix, making.random);
  }
  if (call.resource->namespaced) metadata.at_or_insert("namespace") = call.info.ns;
  Draft draft;
  draft.after = verbs::created(*call.stored, std::move(given), making.uid, making.now);
  verbs::make_canonical(*call.stored, draft.after);
  draft.is_owned = is_owned;
  return draft;
}

// What a patch is applied to: the object as the client knows it.
Answer<doc::Value> as_client_sees(const Call& call, const doc::Value& stored) {
  if (!call.is_converted()) return stored;
  auto converted = to_client(call, stored);
  if (!converted) return refuse(internal(converted.error().one_line()));
  return std::move(*converted);
}

Failure patch_failure(const Error& error) {
  switch (error.code) {
    case Code::failed_precondition: {
      Failure failure = bad_request("the server rejected our request due to an error in our request");
      failure.code = 422;
      failure.reason = "Invalid";
      return failure;
    }
    case Code::resource_exhausted:
      return too_large(error.message);
    case Code::invalid_argument:
      return bad_request(error.message);
    default:
      return internal(error.one_line());
  }
}

Answer<doc::Value> patched(const Call& call, PatchType type, doc::Value target, const doc::Value& body) {
  Result<doc::Value> result;
  if (type == PatchType::json) {
    result = patch::apply_json_patch(std::move(target), body);
  } else if (type == PatchType::merge) {
    result = patch::apply_merge_patch(std::move(target), body);
  } else {
    result = patch::apply_strategic_merge(std::move(target), body, *call.resource->type);
  }
  if (!result) return refuse(patch_failure(result.error()));
  return std::move(*result);
}

Failure apply_failure(const Call& call, const Error& error) {
  if (patch::is_apply_conflict(error)) {
    Failure failure = conflict(*call.resource, call.info.name, "");
    failure.message = error.message;
    failure.has_details = true;
    failure.name.clear();
    failure.kind.clear();
    failure.group.clear();
    for (const auto& cause : error.causes)
      failure.causes.push_back({"FieldManagerConflict", cause.message, cause.object});
    return failure;
  }
  return from_error(error, call.resource.get(), call.info.name);
}

Answer<Draft> draft_apply(Call& call, const doc::Value& body, std::optional<Current> current, const Making& making) {
  if (!current && !call.info.subresource.empty()) return refuse(not_found(*call.resource, call.info.name));
  doc::Value live;
  if (current) {
    TRY_ANSWER(live, as_client_sees(call, current->object));
    TRY_DONE(check_preconditions(call, *current, body, true));
  } else if (!body["metadata"]["uid"].string_or("").empty()) {
    return refuse(conflict(*call.resource, call.info.name,
                           "uid mismatch: the provided object specified uid " + body["metadata"]["uid"].string_or("") +
                               ", and no existing object was found"));
  }
  auto config = body;
  config.at_or_insert("metadata").as_object().erase("uid");
  config.at_or_insert("metadata").as_object().erase("resourceVersion");
  const patch::Writer writer{call.manager(), call.resource->api_version(), call.info.subresource, making.now};
  const auto reset = patch::reset_fields_of(verbs::has_status_subresource(*call.resource), call.info.subresource);
  auto made = patch::apply(*call.resource->type, live, config, writer, is_true(call.request, "force"), reset);
  if (!made) return refuse(apply_failure(call, made.error()));
  TRY_ANSWER(auto given, canonical(call, std::move(*made)));
  if (!current) return draft_new(call, std::move(given), making, true);
  return draft_change(call, std::move(*current), std::move(given), true);
}

}  // namespace

Answer<Draft> draft_create(Call& call, const doc::Value& body, const Making& making) {
  if (!body["metadata"]["resourceVersion"].string_or("").empty())
    return refuse(bad_request("resourceVersion should not be set on objects to be created"));
  TRY_ANSWER(auto given, canonical(call, body));
  return draft_new(call, std::move(given), making, call.keeps_ownership);
}

Answer<Draft> draft_update(Call& call, const doc::Value& body, std::optional<Current> current, const Making& making) {
  if (!current) {
    if (!verbs::creates_on_update(*call.stored) || !call.info.subresource.empty())
      return refuse(not_found(*call.resource, call.info.name));
    auto fresh = body;
    fresh.at_or_insert("metadata").as_object().erase("resourceVersion");
    return draft_create(call, fresh, making);
  }
  TRY_DONE(check_preconditions(call, *current, body, verbs::updates_unconditionally(*call.stored)));
  TRY_ANSWER(auto given, canonical(call, body));
  return draft_change(call, std::move(*current), std::move(given), call.keeps_ownership);
}

Answer<PatchType> patch_type_of(const Call& call) {
  const auto type = media_type_of(call.request.header("Content-Type"));
  if (type == "application/json-patch+json") return PatchType::json;
  if (type == "application/merge-patch+json") return PatchType::merge;
  if (type == "application/apply-patch+yaml") return PatchType::apply;
  if (type == "application/strategic-merge-patch+json" && !call.resource->is_custom()) return PatchType::strategic;
  std::string accepted = "application/json-patch+json, application/merge-patch+json";
  accepted += call.resource->is_custom() ? ", application/apply-patch+yaml"
                                         : ", application/strategic-merge-patch+json, application/apply-patch+yaml";
  return refuse(unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: " + accepted));
}

Answer<Draft> draft_patch(Call& call, PatchType type, const doc::Value& body, std::optional<Current> current,
                          const Making& making) {
  if (type == PatchType::apply) return draft_apply(call, body, std::move(current), making);
  if (!current) return refuse(not_found(*call.resource, call.info.name));
  TRY_ANSWER(auto target, as_client_sees(call, current->object));
  TRY_ANSWER(auto given, patched(call, type, std::move(target), body));
  if (!given.is_object()) return refuse(bad_request("the patched object is not an object"));
  TRY_DONE(check_identity(call, given));
  TRY_DONE(check_fields(call, given));
  TRY_DONE(check_preconditions(call, *current, given, true));
  TRY_ANSWER(auto stored, canonical(call, std::move(given)));
  return draft_change(call, std::move(*current), std::move(stored), false);
}

}  // namespace slipway::objects::api
