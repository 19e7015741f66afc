#pragma once
// Strings in quotes as Go's strconv reads them; both kinds of quotes hold strings. Inside of jsonpath/.

#include <optional>
#include <string>
#include <string_view>

namespace slipway::objects::jsonpath {

// `inside` stands between two of `quote`. nullopt: an escape that there is not, or a quote without one.
std::optional<std::string> unquoted(std::string_view inside, char quote);

}  // namespace slipway::objects::jsonpath
