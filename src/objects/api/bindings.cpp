#include "objects/api/bindings.hpp"

#include "objects/api/body.hpp"
#include "objects/verbs/binding.hpp"

namespace slipway::objects::api {
namespace {

Failure taken(const Call& call, const std::string& why) {
  Failure failure = conflict(*call.resource, call.info.name, why);
  failure.message = "Operation cannot be fulfilled on pods/binding \"" + call.info.name + "\": " + why;
  failure.kind = "pods/binding";
  return failure;
}

Answer<> check_target(const doc::Value& target) {
  const auto kind = target["kind"].string_or("");
  if (!kind.empty() && kind != "Node")
    return refuse(
        internal("target.kind: Unsupported value: \"" + kind + "\": supported values: \"Node\", \"<empty>\""));
  if (target["name"].string_or("").empty()) return refuse(internal("target.name: Required value"));
  return {};
}

// By the metadata of the Pod and of its Binding.
Answer<> check_is_meant(const Call& call, const doc::Value& pod, const doc::Value& binding) {
  for (const auto& [key, word] : {std::pair("uid", "UID"), std::pair("resourceVersion", "ResourceVersion")}) {
    const auto wanted = binding[key].string_or("");
    const auto is = pod[key].string_or("");
    if (wanted.empty() || wanted == is) continue;
    return refuse(taken(call, std::string("Precondition failed: ") + word + " in precondition: " + wanted + ", " +
                                  word + " in object meta: " + is));
  }
  return {};
}

Answer<Draft> bound(Call& call, const doc::Value& binding, std::optional<Current> current, const Making& making) {
  if (!current) return refuse(not_found(*call.resource, call.info.name));
  TRY_DONE(check_is_meant(call, std::as_const(current->object)["metadata"], binding["metadata"]));
  auto assigned = verbs::bound(current->object, binding["target"]["name"].string_or(""), making.now);
  if (!assigned) return refuse(taken(call, assigned.error().message));
  Object pod(std::move(*assigned));
  const doc::Value& annotations = binding["metadata"]["annotations"];
  if (annotations.is_object()) {
    for (const auto& [key, value] : annotations.as_object()) pod.set_annotation(key, value.string_or(""));
  }
  Draft draft;
  draft.before = std::move(current->object);
  draft.version = current->version;
  draft.after = std::move(pod.document());
  draft.is_owned = true;  // nobody owns what a scheduler decided
  return draft;
}

}  // namespace

void Bindings::create(CallPtr call) {
  auto body = read_body(*call, "v1", "Binding");
  if (!body) return call->send(body.error());
  const auto name = (*body)["metadata"]["name"].string_or("");
  if (!call->info.name.empty() && name != call->info.name)
    return call->send(bad_request("name in URL does not match name in Binding object"));
  if (name.empty()) return call->send(bad_request("metadata.name of a Binding is the Pod's name"));
  if (auto checked = check_target((*body)["target"]); !checked) return call->send(checked.error());
  call->resource = call->stored = context_.catalog.stored("", "Pod");
  call->kind = kind_of(*call->stored);
  call->info.plural = call->resource->plural;
  call->info.name = name;
  call->info.subresource = "binding";
  Writes::Plan plan;
  plan.action = "bound";
  plan.may_try_again = true;
  plan.changed_status = 201;
  plan.compose = [body = std::move(*body)](Call& c, std::optional<Current> current, const Making& making) {
    return bound(c, body, std::move(current), making);
  };
  plan.shown = [](const doc::Value&) { return created_status(); };
  writes_.run(std::move(call), std::move(plan));
}

}  // namespace slipway::objects::api
