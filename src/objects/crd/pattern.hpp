#pragma once
// Pattern: a regular expression of a schema, found anywhere in a text, as Go's regexp reads it: what RE2 reads, dots do
// not match line ends, and (?<name>...) is the same as (?P<name>...).

#include <memory>
#include <string>
#include <string_view>

#include "core/regex.hpp"

namespace slipway::objects::crd {

class Pattern {
 public:
  // invalid_argument whose message is in Go's words: "error parsing regexp: missing closing ]: `[a`".
  static Result<Pattern> parse(const std::string& text);
  bool is_found_in(std::string_view text) const { return regex_->matches(text); }  // thread-safe

 private:
  std::shared_ptr<const core::Regex> regex_;
};

}  // namespace slipway::objects::crd
