#pragma once
// The steps of a parsed JsonPath, between its parser and its evaluation. Inside of jsonpath/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::jsonpath {

// [start:end:step]; [3] is [3:4] with `single` set.
struct Slice {
  std::optional<std::int64_t> start, end, step;
  bool single = false;
};

enum class Compare : std::uint8_t { exists, equal, not_equal, less, less_equal, greater, greater_equal };

struct Step {
  enum class What : std::uint8_t { key, wildcard, slice, alternatives, filter, descent, literal };
  What what = What::key;
  std::string key;
  Slice slice;
  std::vector<std::vector<Step>> alternatives;  // of alternatives; of a filter its two sides
  Compare compare = Compare::exists;
  doc::Value literal;
};

// Positions in errors count from the beginning of `text`.
Result<std::vector<Step>> parse_steps(std::string_view text);

}  // namespace slipway::objects::jsonpath
