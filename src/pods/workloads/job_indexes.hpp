#pragma once
// Sets of completion indexes as an indexed Job's status writes them: "1,3-5,7". Pure.

#include <string>
#include <string_view>
#include <vector>

namespace slipway::pods::workloads {

class Indexes {
 public:
  Indexes() = default;
  // Those below `limit`. What is no number or range is left out, as Kubernetes does it.
  static Indexes parse(std::string_view text, int limit);
  std::string text() const;
  void insert(int index);
  void insert_all(const Indexes& other);
  bool has(int index) const;
  int count() const;
  int count_shared(const Indexes& other) const;
  bool empty() const { return ranges_.empty(); }
  // At most `most` of those below `limit` that are not in it, the first ones.
  std::vector<int> first_missing(int most, int limit) const;
  bool operator==(const Indexes&) const = default;

 private:
  struct Range {
    int first, last;
    bool operator==(const Range&) const = default;
  };
  std::vector<Range> ranges_;  // in order; there is a gap between two of them
};

}  // namespace slipway::pods::workloads
