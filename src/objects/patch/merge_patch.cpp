#include "objects/patch/merge_patch.hpp"

namespace slipway::objects::patch {

doc::Value merge_patched(doc::Value target, const doc::Value& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = doc::Object{};
  for (const auto& [key, value] : patch.as_object()) {
    if (value.is_null()) {
      target.as_object().erase(key);
    } else {
      auto& member = target.at_or_insert(key);
      member = merge_patched(std::move(member), value);
    }
  }
  return target;
}

Result<doc::Value> apply_merge_patch(doc::Value target, const doc::Value& patch) {
  if (!patch.is_object()) return fail(Code::invalid_argument, "Invalid JSON Patch", "a merge patch is an object");
  return merge_patched(std::move(target), patch);
}

}  // namespace slipway::objects::patch
