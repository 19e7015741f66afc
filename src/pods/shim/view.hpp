#pragma once
// What a container's program sees of the machine: a mount namespace whose "/" is a private directory with what the
// machine has (or a directory that stands for an image), and the Pod's volumes at their places. Nothing is ever made
// on the machine: a mount point that it lacks is made in the private directory alone.
//
// For a process of one thread that is about to become the program. Not for who the program is: identity.hpp.

#include <string>

#include "core/result.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods::shim {

// `scratch` is a directory of this container's; the private root is put together there, in memory. After an error the
// process must end: its view may be half made.
Result<> take_own_view(const Confinement& confinement, const std::string& scratch);

// Whether this machine lets this user have such a view at all; the error says what it refused. Changes this process:
// for one that ends with the answer.
Result<> try_own_view();

}  // namespace slipway::pods::shim
