#include "objects/uncontrolled.hpp"

#include <algorithm>

namespace slipway::objects {
namespace {

bool is_controlled(const Object& object) { return std::ranges::any_of(object.owners(), &OwnerReference::controller); }

}  // namespace

Result<Uncontrolled::Index*> Uncontrolled::index_of(const Kind& kind) {
  auto& index = kinds_[{std::string(kind.group), std::string(kind.kind)}];
  if (index && index->watch && !index->missed) return index.get();
  index = std::make_unique<Index>();
  index->missed = true;  // until all is read
  TRY_ASSIGN(index->watch, backend_.watch(kind, std::nullopt, [raw = index.get()](const auto& change) {
    if (change == nullptr) {
      raw->missed = true;
    } else if (change->type == EventType::deleted || is_controlled(change->object)) {
      raw->labels.erase(change->object.name());
    } else {
      raw->labels.insert_or_assign(change->object.name(), change->object.labels());
    }
  }));
  Result<> outcome;
  TRY(backend_.list(kind, {}, [&](const Stored& stored) {
    auto object = stored.parse();
    if (!object) {
      outcome = fail(std::move(object).error());
      return false;
    }
    if (!is_controlled(*object)) index->labels.emplace(stored.name, object->labels());
    return true;
  }));
  TRY(outcome);
  index->missed = false;
  return index.get();
}

Result<std::set<Name>> Uncontrolled::matching(const Kind& kind, const std::string& ns, const LabelSelector& selector) {
  TRY_ASSIGN(const Index* index, index_of(kind));
  std::set<Name> names;
  for (auto at = index->labels.lower_bound({ns, ""}); at != index->labels.end(); ++at) {
    if (!ns.empty() && at->first.ns != ns) break;
    if (selector.empty() || selector.matches(at->second)) names.insert(at->first);
  }
  return names;
}

}  // namespace slipway::objects
