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
  TRY_ASSIGN(index->watch, backend_.watch(kind, std::nullopt, [raw = index.get()](const auto& change) {
    if (change == nullptr) {
      raw->missed = true;
    } else if (change->type == EventType::deleted || is_controlled(change->object)) {
      raw->names.erase(change->object.name());
    } else {
      raw->names.insert(change->object.name());
    }
  }));
  Result<> outcome;
  TRY(backend_.list(kind, {}, [&](const Stored& stored) {
    // What names no controller in its bytes has none.
    if (stored.body.contains("\"controller\":true")) {
      auto object = stored.parse();
      if (!object) outcome = fail(std::move(object).error());
      if (!object || is_controlled(*object)) return outcome.has_value();
    }
    index->names.insert(stored.name);
    return true;
  }));
  TRY(outcome);
  return index.get();
}

Result<std::set<Name>> Uncontrolled::in(const Kind& kind, const std::string& ns) {
  TRY_ASSIGN(const Index* index, index_of(kind));
  if (ns.empty()) return index->names;
  const auto first = index->names.lower_bound({ns, ""});
  const auto last = std::find_if(first, index->names.end(), [&](const Name& name) { return name.ns != ns; });
  return std::set<Name>(first, last);
}

}  // namespace slipway::objects
