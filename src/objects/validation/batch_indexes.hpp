#pragma once
// Lists of completion indexes of a Job, "1,3-5,7": as succeededIndexes, completedIndexes and failedIndexes hold them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::objects::validation {

struct Indexes {
  struct Span {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  std::vector<Span> spans;
  std::int64_t total = 0;
  std::string complaint;  // in the server's words; empty: none
};
// All below `completions`, in rising order.
Indexes read_indexes(std::string_view text, std::int64_t completions);

}  // namespace slipway::objects::validation
