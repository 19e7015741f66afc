#pragma once
// One lexer for all expression languages; a Grammar says where they differ.

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::expr {

struct Grammar {
  std::string_view quotes;         // which characters open a string
  bool backslash_escapes = false;  // \n \" \\; otherwise a doubled quote stands for one
  bool hyphen_in_names = false;    // steps.my-step
  bool wildcard = false;           // github.event.commits.*.message
  bool floats_named = false;       // NaN, Infinity, 0x and 0o as numbers
};
inline constexpr Grammar github_grammar{.quotes = "'", .hyphen_in_names = true, .wildcard = true, .floats_named = true};
inline constexpr Grammar cel_grammar{.quotes = "'\"", .backslash_escapes = true};

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
std::expected<std::vector<Token>, LexError> tokenize(std::string_view text, const Grammar& grammar);

}  // namespace slipway::expr
