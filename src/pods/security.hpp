#pragma once
// What a securityContext asks of a process, and whether this machine can do it. A program never runs with more than
// its spec allows: what cannot be done is refused. Pure.

#include "objects/object.hpp"
#include "pods/images.hpp"
#include "pods/runtime.hpp"
#include "pods/volumes/disk.hpp"

namespace slipway::pods {

// Fills in user, groups, capabilities, privileges and read_only_root of `confinement`, and sets own_view where that
// needs it. invalid_argument, in the kubelet's words where it has some: the container must not be started.
// `of_image`: whom its image names, where it has one.
Result<> apply_security(const objects::Object& pod, const doc::Value& container, const Abilities& abilities,
                        const std::optional<ImageRuntime::User>& of_image, Confinement& confinement);

// Who the files of a Pod's volumes are for: its fsGroup, and the user that all its containers run as.
volumes::Owner owner_of_volumes(const objects::Object& pod);
// Whether containers of that Pod run as several users, so that files for all of them can be no one's alone.
bool has_several_users(const objects::Object& pod);

}  // namespace slipway::pods
