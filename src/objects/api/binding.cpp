#include "objects/api/binding.hpp"

#include "objects/api/body.hpp"
#include "objects/verbs/binding.hpp"

namespace slipway::objects::api {
namespace {

// What the binding says of the Pod that it is about.
Answer<> check_identity_of(const Call& call, const doc::Value& binding, const doc::Value& pod) {
  const auto& said = binding["metadata"];
  const auto& is = pod["metadata"];
  for (const auto* key : {"uid", "resourceVersion"}) {
    const auto wanted = said[key].string_or("");
    if (!wanted.empty() && wanted != is[key].string_or(""))
      return refuse(modified_meanwhile(*call.resource, call.info.name));
  }
  return {};
}

}  // namespace

void Bindings::bind(CallPtr call) {
  auto body = read_body(*call, "v1", "Binding");
  if (!body) return call->send(body.error());
  const auto kind = (*body)["target"]["kind"].string_or("");
  const auto node = (*body)["target"]["name"].string_or("");
  if (!kind.empty() && kind != "Node") {
    return call->send(
        invalid(*call->resource, call->info.name,
                {{"FieldValueNotSupported",
                  "Unsupported value: \"" + kind + "\": supported values: \"Node\", \"<empty>\"", "target.kind"}}));
  }
  if (node.empty()) {
    return call->send(
        invalid(*call->resource, call->info.name, {{"FieldValueRequired", "Required value", "target.name"}}));
  }
  Writes::Plan plan;
  plan.action = "bound";
  plan.status = 201;
  plan.may_try_again = (*body)["metadata"]["resourceVersion"].string_or("").empty();
  plan.compose = [body = std::move(*body), node](Call& c, const std::optional<Current>& current,
                                                 const Making& making) -> Answer<Draft> {
    if (!current) return refuse(not_found(*c.resource, c.info.name));
    TRY_DONE(check_identity_of(c, body, current->object));
    auto pod = verbs::bound(current->object, node, making.now);
    if (!pod) return refuse(conflict(*c.resource, c.info.name, pod.error().message));
    return Draft{current->object, current->version, std::move(*pod)};
  };
  plan.shown = [](const doc::Value&) -> doc::Value {
    return doc::Object{
        {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", doc::Object{}}, {"status", "Success"}, {"code", 201}};
  };
  writes_.run(std::move(call), std::move(plan));
}

}  // namespace slipway::objects::api
