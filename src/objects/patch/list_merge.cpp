#include "objects/patch/list_merge.hpp"

#include <algorithm>
#include <unordered_map>

#include "objects/patch/go_text.hpp"

namespace slipway::objects::patch {
namespace {

std::unexpected<Error> cannot_merge(std::string message) { return fail(Code::internal, std::move(message)); }

class Positions {
 public:
  Positions(const doc::Array& list, const std::string& merge_key) : merge_key_(merge_key) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      positions_.emplace(identity_of(list[i], merge_key), static_cast<std::ptrdiff_t>(i));
    }
  }
  // -1 when there is none.
  std::ptrdiff_t find(const doc::Value& element) const {
    const auto found = positions_.find(identity_of(element, merge_key_));
    return found == positions_.end() ? -1 : found->second;
  }

 private:
  const std::string& merge_key_;
  std::unordered_map<std::string, std::ptrdiff_t> positions_;
};

struct Placed {
  std::ptrdiff_t position = -1;
  std::size_t index = 0;  // in the merged list
  doc::Value value;
};

// Elements that `order` does not know go first, last ones foremost: the reference's comparison calls them smaller than
// everything, and clients' expectations grew around what its insertion sort makes of that.
void sort_by(std::vector<Placed>& list) {
  const bool all_known = std::ranges::none_of(list, [](const Placed& placed) { return placed.position < 0; });
  constexpr std::size_t kInsertionSorted = 20;
  if (all_known || list.size() > kInsertionSorted) {
    std::ranges::sort(list, {}, [](const Placed& placed) { return std::pair(placed.position, placed.index); });
    return;
  }
  for (std::size_t i = 1; i < list.size(); ++i) {
    for (std::size_t j = i; j > 0; --j) {
      const bool both_known = list[j].position >= 0 && list[j - 1].position >= 0;
      if (both_known && list[j].position >= list[j - 1].position) break;
      std::swap(list[j], list[j - 1]);
    }
  }
}

bool is_deletion(const doc::Value& element) { return element["$patch"] == doc::Value("delete"); }

}  // namespace

Error no_merge_key_error(const doc::Value& element, const std::string& merge_key) {
  return Error(Code::internal, "map: " + go_text(element) + " does not contain declared merge key: " + merge_key);
}

std::string identity_of(const doc::Value& element, const std::string& merge_key) {
  const auto& value = merge_key.empty() ? element : element[merge_key];
  std::string identity(1, static_cast<char>('0' + static_cast<int>(value.type())));
  return identity + (value.is_string() ? value.as_string() : doc::render_json_canonical(value));
}

Result<doc::Type> element_type(const doc::Array& one, const doc::Array& other) {
  const auto* first = !one.empty() ? &one.front() : !other.empty() ? &other.front() : nullptr;
  if (first == nullptr) return cannot_merge("no elements in any of the given slices");
  if (first->is_array()) return fail(Code::failed_precondition, "lists of lists are not supported");
  for (const auto* list : {&one, &other}) {
    for (const auto& element : *list) {
      if (element.type() == first->type() && !element.is_null()) continue;
      return cannot_merge("list element types are not identical: [" + go_text(one) + " " + go_text(other) + "]");
    }
  }
  return first->type();
}

Result<> check_merge_keys(const doc::Array& list, const std::string& merge_key) {
  if (merge_key.empty()) return {};
  for (const auto& element : list) {
    if (!element.is_object()) {
      return cannot_merge("expected a map[string]interface {}, but received a " + std::string(go_type_of(element)));
    }
    if (!element.as_object().contains(merge_key)) return fail(no_merge_key_error(element, merge_key));
  }
  return {};
}

Result<doc::Array> ordered(doc::Array merged, const doc::Array& wanted_order, const doc::Array& server_order,
                           const std::string& merge_key) {
  TRY(check_merge_keys(merged, merge_key));
  TRY(check_merge_keys(wanted_order, merge_key));
  TRY(check_merge_keys(server_order, merge_key));
  const Positions wanted(wanted_order, merge_key);
  const Positions server(server_order, merge_key);
  std::vector<Placed> from_patch, server_only;
  // Deletions that came with an element which was new are part of it; they stay behind the others, as they came.
  std::vector<Placed> from_patch_deleted, server_only_deleted;
  for (std::size_t i = 0; i < merged.size(); ++i) {
    const bool is_late = !merge_key.empty() && is_deletion(merged[i]);
    const auto position = wanted.find(merged[i]);
    if (position >= 0) {
      (is_late ? from_patch_deleted : from_patch).push_back({position, i, std::move(merged[i])});
    } else {
      const auto on_server = server.find(merged[i]);
      (is_late ? server_only_deleted : server_only).push_back({on_server, i, std::move(merged[i])});
    }
  }
  sort_by(from_patch);
  sort_by(server_only);
  std::ranges::move(from_patch_deleted, std::back_inserter(from_patch));
  std::ranges::move(server_only_deleted, std::back_inserter(server_only));
  for (auto& placed : from_patch) placed.position = server.find(placed.value);

  doc::Array result;
  std::size_t left = 0, right = 0;
  while (left < server_only.size() || right < from_patch.size()) {
    const bool take_left = right == from_patch.size() ||
                           (left < server_only.size() && server_only[left].position >= 0 &&
                            from_patch[right].position >= 0 && server_only[left].position < from_patch[right].position);
    result.push_back(std::move(take_left ? server_only[left++].value : from_patch[right++].value));
  }
  return result;
}

Result<> check_order(const doc::Array& patch_list, const doc::Array& wanted_order, const std::string& merge_key) {
  if (patch_list.empty() || wanted_order.empty()) return {};
  std::size_t at = 0;
  for (const auto& element : patch_list) {
    if (!merge_key.empty() && !element.is_object()) {
      return cannot_merge("expected a map[string]interface {}, but received a " + std::string(go_type_of(element)));
    }
    if (!merge_key.empty() && is_deletion(element)) continue;
    // Other directives are tolerated, but not after the last one that the order names.
    if (at < wanted_order.size() && element.is_object() && element.as_object().contains("$patch")) continue;
    bool found = false;
    for (; at < wanted_order.size() && !found; ++at) {
      if (!merge_key.empty()) {
        TRY(check_merge_keys({element}, merge_key));
        TRY(check_merge_keys({wanted_order[at]}, merge_key));
      }
      found = identity_of(element, merge_key) == identity_of(wanted_order[at], merge_key);
    }
    if (found) continue;
    return cannot_merge("The order in patch list:\n" + go_text(patch_list) +
                        "\n doesn't match $setElementOrder list:\n" + go_text(wanted_order) + "\n");
  }
  return {};
}

}  // namespace slipway::objects::patch
