#include "objects/crd/checks.hpp"

#include <algorithm>

namespace slipway::objects::crd {

Correlated Correlated::key(const std::string& name) const {
  if (!exists() || !value->is_object() || !old->is_object()) return {};
  const doc::Value* now = value->as_object().find(name);
  const doc::Value* before = old->as_object().find(name);
  const Node* child = node->find(name);
  return now && before && child ? Correlated{child, now, before} : Correlated{};
}

Correlated Correlated::index(std::size_t index) const {
  if (!exists() || !value->is_array() || !old->is_array() || !node->is_list_map() || !node->items) return {};
  const doc::Value& element = value->as_array()[index];
  const doc::Value* before = find_by_keys(old->as_array(), element, node->type->merge_keys);
  return before ? Correlated{node->items, &element, before} : Correlated{};
}

bool Correlated::is_unchanged() const {
  if (!exists() || value->type() != old->type()) return exists() && *value == *old;
  if (value->is_object()) {
    return value->size() == old->size() && std::ranges::all_of(value->as_object(), [&](const auto& member) {
             const Correlated child = key(member.first);
             return child.exists() && child.is_unchanged();
           });
  }
  if (!value->is_array() || !node->is_list_map()) return *value == *old;
  if (value->size() != old->size()) return false;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Correlated child = index(i);
    if (!child.exists() || !child.is_unchanged()) return false;
  }
  return true;
}

}  // namespace slipway::objects::crd
