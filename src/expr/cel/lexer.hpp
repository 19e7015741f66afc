#pragma once
// The tokens of CEL (cel-spec, doc/langdef.md), with string literals already unescaped.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/cel/value.hpp"

namespace slipway::expr::cel {

struct Token {
  enum class Kind { end, name, quoted_name, literal, punctuation };
  Kind kind = Kind::end;
  std::string_view text;  // as written; punctuation by its text
  Value literal;
  std::size_t offset = 0;
};

struct Mistake {
  std::size_t offset = 0;
  std::string message;
};

// Ends in a token of kind `end`. 9223372036854775808 is a literal only behind a minus, and stands there as the
// smallest int64, which its own negation gives back.
std::optional<Mistake> tokenize(std::string_view text, std::vector<Token>& out);

}  // namespace slipway::expr::cel
