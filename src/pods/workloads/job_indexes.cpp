#include "pods/workloads/job_indexes.hpp"

#include <algorithm>

#include "core/number.hpp"

namespace slipway::pods::workloads {

Indexes Indexes::parse(std::string_view text, int limit) {
  Indexes indexes;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto dash = part.find('-');
    const auto first = core::parse_number<int>(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : core::parse_number<int>(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first) continue;
    if (*first >= limit) break;
    const Range range{*first, std::min(*last, limit - 1)};
    if (!indexes.ranges_.empty() && indexes.ranges_.back().last + 1 >= range.first) {
      indexes.ranges_.back().last = std::max(indexes.ranges_.back().last, range.last);
    } else {
      indexes.ranges_.push_back(range);
    }
  }
  return indexes;
}

std::string Indexes::text() const {
  std::string text;
  for (const auto& [first, last] : ranges_) {
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last > first) text += (last == first + 1 ? "," : "-") + std::to_string(last);
  }
  return text;
}

void Indexes::insert(int index) {
  auto next = std::ranges::lower_bound(ranges_, index, {}, &Range::last);  // the first that does not end before it
  if (next != ranges_.end() && next->first <= index) return;
  const bool joins_next = next != ranges_.end() && next->first == index + 1;
  const bool joins_previous = next != ranges_.begin() && std::prev(next)->last == index - 1;
  if (joins_next && joins_previous) {
    std::prev(next)->last = next->last;
    ranges_.erase(next);
  } else if (joins_next) {
    next->first = index;
  } else if (joins_previous) {
    std::prev(next)->last = index;
  } else {
    ranges_.insert(next, {index, index});
  }
}

void Indexes::insert_all(const Indexes& other) {
  std::vector<Range> all;
  std::ranges::merge(ranges_, other.ranges_, std::back_inserter(all), {}, &Range::first, &Range::first);
  ranges_.clear();
  for (const Range& range : all) {
    if (ranges_.empty() || ranges_.back().last + 1 < range.first) {
      ranges_.push_back(range);
    } else {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    }
  }
}

bool Indexes::has(int index) const {
  const auto found = std::ranges::lower_bound(ranges_, index, {}, &Range::last);
  return found != ranges_.end() && found->first <= index;
}

int Indexes::count() const {
  int count = 0;
  for (const auto& [first, last] : ranges_) count += last - first + 1;
  return count;
}

int Indexes::count_shared(const Indexes& other) const {
  int count = 0;
  for (auto one = ranges_.begin(), two = other.ranges_.begin(); one != ranges_.end() && two != other.ranges_.end();) {
    count += std::max(std::min(one->last, two->last) - std::max(one->first, two->first) + 1, 0);
    (one->last < two->last ? one : two)++;
  }
  return count;
}

std::vector<int> Indexes::first_missing(int most, int limit) const {
  std::vector<int> missing;
  const auto is_full = [&] { return static_cast<int>(missing.size()) >= most; };
  int candidate = 0;
  for (const auto& [first, last] : ranges_) {
    for (; candidate < std::min(first, limit) && !is_full(); ++candidate) missing.push_back(candidate);
    candidate = std::max(candidate, last + 1);
  }
  for (; candidate < limit && !is_full(); ++candidate) missing.push_back(candidate);
  return missing;
}

}  // namespace slipway::pods::workloads
