#pragma once
// What a container said of its end: terminationMessagePath and terminationMessagePolicy. Pure.

#include <string>
#include <string_view>

#include "core/doc.hpp"

namespace slipway::pods {

// Where the container writes it, as it sees it.
std::string last_words_path(const doc::Value& container);
// `written` is what is there, `log` its CRI log, of which the end counts when nothing was written, it failed, and the
// policy says so. At most 4 KiB of the one, 2 KiB and 80 lines of the other, as a kubelet has it.
std::string last_words(const doc::Value& container, int exit_code, std::string_view written, std::string_view log);

}  // namespace slipway::pods
