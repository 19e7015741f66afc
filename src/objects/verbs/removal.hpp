#pragma once
// What a deletion makes of an object: gone at once, or marked and kept until its finalizers are; a Pod that is bound to
// a node until who runs it says so, or its time is over. Pure.

#include <optional>
#include <string_view>

#include "core/time.hpp"
#include "objects/object.hpp"
#include "objects/schema/resource.hpp"
#include "objects/store.hpp"

namespace slipway::objects::verbs {

// What a propagation policy leaves on the object, for the garbage collector.
inline constexpr std::string_view foreground_finalizer = "foregroundDeletion";
inline constexpr std::string_view orphan_finalizer = "orphan";

struct Removal {
  bool is_final = false;  // nothing keeps it
  Object object;          // as it is afterwards, or was last
};

// `grace` is what the caller asked for; Pods have their own otherwise.
Removal removal_of(const schema::Resource& resource, const Object& stored,
                   std::optional<DeleteOptions::Propagation> propagation, std::optional<Duration> grace,
                   core::Time now);

}  // namespace slipway::objects::verbs
