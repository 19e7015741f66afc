#pragma once
// The formats of texts that a schema may ask for and that a Kubernetes API server checks. Formats outside the list mean
// nothing, and a definition that names one gets a warning.

#include <string_view>

namespace slipway::objects::crd {

using FormatCheck = bool (*)(std::string_view text);

// "date-time" and "datetime" are the same. nullptr: nobody checks it.
FormatCheck find_format(std::string_view name);

}  // namespace slipway::objects::crd
