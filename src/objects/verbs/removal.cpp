#include "objects/verbs/removal.hpp"

#include "objects/verbs/strategy.hpp"
#include "objects/verbs/writing.hpp"

namespace slipway::objects::verbs {
namespace {

void settle(Object& object, std::string_view finalizer, bool wanted) {
  if (wanted) {
    object.add_finalizer(finalizer);
  } else if (object.has_finalizer(finalizer)) {
    object.remove_finalizer(finalizer);
  }
}

// Marked long enough ago that whoever was to end it has had its time.
bool is_time_over(const doc::Value& object, core::Time now) {
  const auto time = core::parse_rfc3339(object["metadata"]["deletionTimestamp"].string_or(""));
  return time && *time <= now;
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
  const bool is_pod = resource.is("", "Pod");
  const auto time = is_time_over(document, now) ? Duration{} : grace_of(resource, document, grace);
  const bool is_waited_for = is_pod && time > Duration{};
  removal.is_final = !is_waited_for && removal.object.finalizers().empty() && is_finished_namespace(document);
  if (removal.is_final && !is_pod) return removal;
  document = marked_deleted(std::move(document), now, time);
  if (resource.is("", "Namespace")) document.set_path("status.phase", "Terminating");
  return removal;
}

}  // namespace slipway::objects::verbs
