#pragma once
// The lexer of GitHub's expressions. CEL has one of its own (cel/lexer.hpp).

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::expr {

struct Token {
  enum class Kind { end, literal, name, punctuation };
  Kind kind = Kind::end;
  std::string_view text;   // as written
  core::doc::Value value;  // of a literal
  std::size_t offset = 0;  // in the expression
};

struct LexError {
  std::size_t offset = 0;
  std::size_t length = 1;
  std::string message;
};

// The tokens, ending in one of kind `end`. `text` must outlive them.
std::expected<std::vector<Token>, LexError> tokenize(std::string_view text);

}  // namespace slipway::expr
