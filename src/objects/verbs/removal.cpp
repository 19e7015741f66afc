#include "objects/verbs/removal.hpp"

#include <algorithm>

#include "objects/verbs/strategy.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects::verbs {
namespace {

constexpr std::string_view foreground_finalizer = "foregroundDeletion";
constexpr std::string_view orphan_finalizer = "orphan";

void settle(Object& object, std::string_view finalizer, bool wanted) {
  const auto had = object.finalizers();
  const bool has = std::ranges::find(had, finalizer) != had.end();
  if (wanted && !has) object.add_finalizer(finalizer);
  if (!wanted && has) object.remove_finalizer(finalizer);
}

}  // namespace

Removal removal_of(const schema::Resource& resource, const Object& stored,
                   std::optional<DeleteOptions::Propagation> propagation, std::optional<Duration> grace,
                   core::Time now) {
  Removal removal;
  removal.object = stored;
  if (propagation) {
    settle(removal.object, foreground_finalizer, *propagation == DeleteOptions::Propagation::foreground);
    settle(removal.object, orphan_finalizer, *propagation == DeleteOptions::Propagation::orphan);
  }
  auto& document = removal.object.document();
  removal.is_final = removal.object.finalizers().empty() && is_finished_namespace(resource, document);
  if (removal.is_final) return removal;
  document = marked_deleted(std::move(document), now, grace_of(resource, document, grace));
  if (resource.group.empty() && resource.kind == "Namespace") document.set_path("status.phase", "Terminating");
  return removal;
}

}  // namespace slipway::objects::verbs
