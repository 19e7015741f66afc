#include "pods/workloads/job_tracking.hpp"

#include <algorithm>

#include "objects/kinds.hpp"
#include "pods/workloads/job.hpp"

namespace slipway::pods::workloads {

namespace kinds = objects::kinds;
using objects::Object;

namespace {

std::optional<objects::OwnerReference> controller_of(const Object& pod) {
  const auto owners = pod.owners();
  const auto found = std::ranges::find_if(owners, &objects::OwnerReference::controller);
  return found == owners.end() ? std::nullopt : std::optional(*found);
}

bool is_job(const objects::OwnerReference& owner) {
  return owner.kind == job_kind.kind && objects::group_version_of(owner.api_version).group == job_kind.group;
}

}  // namespace

Result<> release(objects::Store& store, const objects::Name& pod) {
  auto released = objects::modify(store, kinds::pod, pod, [](Object& current) {
    if (!current.has_finalizer(tracking_finalizer)) return false;
    current.remove_finalizer(tracking_finalizer);
    return true;
  });
  if (released || released.error().code == Code::not_found) return {};
  return fail(std::move(released).error());
}

std::vector<objects::Name> UncountedPods::if_in_doubt(const Object& pod) {
  if (!pod.has_finalizer(tracking_finalizer)) return {};
  if (pod.is_being_deleted() || !controller_of(pod)) return {pod.name()};
  return {};
}

Result<objects::Outcome> UncountedPods::reconcile(const objects::Name& name) {
  TRY_ASSIGN(const auto pod, store_.find(kinds::pod, name));
  if (!pod || if_in_doubt(*pod).empty()) return objects::Outcome{};
  TRY_ASSIGN(const bool counted, is_counted(*pod));
  if (!counted) TRY(release(store_, name));
  return objects::Outcome{};
}

// A controller that is no Job put the finalizer there for its own reasons.
Result<bool> UncountedPods::is_counted(const Object& pod) {
  const auto owner = controller_of(pod);
  if (!owner) return false;
  if (!is_job(*owner)) return true;
  TRY_ASSIGN(const auto job, store_.find(job_kind, {pod.name().ns, owner->name}));
  if (!job || job->uid() != owner->uid) return false;
  if (is_managed_elsewhere(*job)) return true;
  return !job->is_being_deleted() && !is_finished_job(*job);
}

}  // namespace slipway::pods::workloads
