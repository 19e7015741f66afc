#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace slipway::core {

namespace {

// Optimal string alignment: insert, delete, replace, and swap of neighbours cost 1 each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view given, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 200;  // names; not whole paragraphs
  if (given.size() > longest) return "";
  const std::string* best = nullptr;
  std::size_t best_distance = given.size() / 3 + 1;
  for (const std::string& name : known) {
    if (equal_ignoring_case(given, name)) return name;
    const std::size_t shorter = std::min(given.size(), name.size());
    const std::size_t longer = std::max(given.size(), name.size());
    if (longer - shorter >= best_distance) continue;
    const std::size_t distance = edit_distance(given, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = &name;
    }
  }
  return best ? *best : "";
}

}  // namespace slipway::core
