#pragma once
// From a container of a Pod's spec to what is started: variables, $(VAR) in command and args, POD_* always. Pure but
// for what `find` reads.

#include "objects/object.hpp"
#include "pods/environment_sources.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

// "$(NAME)" becomes the value of NAME, "$$(NAME)" the text "$(NAME)", an unknown name stays as it is written.
std::string expand(std::string_view text, const Variables& variables);

// `base` is what every container gets (PATH, HOME); the Pod's own variables win. invalid_argument names the field
// that cannot be understood, or the missing command; not_found what is named and may come yet.
Result<ContainerStart> container_start(const objects::Object& pod, const doc::Value& container,
                                       const std::string& pod_ip, const Variables& base, const FindSource& find,
                                       Absent absent = Absent::refused);

// It names no program and wants to be typed to, as `kubectl debug -it` does: it gets a shell of this machine.
bool wants_shell(const doc::Value& container);

}  // namespace slipway::pods
