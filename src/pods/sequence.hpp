#pragma once
// In which order the containers of a Pod come and go: init containers one after the other, sidecars among them stay;
// then the others; sidecars leave last, in reverse. Not for restarts: those are restart.hpp's. Pure.

#include <span>

#include "pods/pod_status.hpp"

namespace slipway::pods {

// Whether the next one may start: an init container has ended well, a sidecar runs and its startup probe is content.
bool is_through(const ContainerView& view);
// Whether a main container was ever started: init containers have done their part then, for good.
bool has_begun(std::span<const ContainerView> containers);
// Whether nothing of the Pod comes back: its main containers have ended, or an init container failed for good. What
// still runs are sidecars, which must leave. False for no containers at all.
bool is_over(std::span<const ContainerView> containers);
// The one to end next when the whole Pod ends: main containers first and at once, then sidecars from the last to the
// first. All that are up and of the same turn count as next.
bool is_next_to_leave(std::span<const ContainerView> containers, const ContainerView& view);
// The sidecar that leaves next; nullptr when none is up.
const ContainerView* next_to_leave(std::span<const ContainerView> containers);

}  // namespace slipway::pods
