#include "objects/verbs/binding.hpp"

#include "objects/object.hpp"

namespace slipway::objects::verbs {

Result<doc::Value> bound(doc::Value pod, const std::string& node, core::Time now) {
  Object object(std::move(pod));
  const auto& name = object.name().name;
  const auto before = std::as_const(object).spec()["nodeName"].string_or("");
  if (object.is_being_deleted())
    return fail(Code::conflict, "pod " + name + " is being deleted, cannot be assigned to a host");
  if (!before.empty()) {
    return fail(Code::conflict, "pod " + name + " is already assigned to node \"" + before + "\"");
  }
  if (std::as_const(object).spec()["schedulingGates"].size() > 0)
    return fail(Code::conflict, "pod " + name + " has non-empty .spec.schedulingGates");
  object.spec().at_or_insert("nodeName") = node;
  object.set_condition("PodScheduled", "True", "", "", now);
  return std::move(object.document());
}

}  // namespace slipway::objects::verbs
