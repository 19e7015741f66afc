// What is written over every store.

#include <algorithm>

#include "objects/store.hpp"

namespace slipway::objects {
namespace {

constexpr int kAttempts = 10;

Result<Object> write_until_no_conflict(Store& store, const Kind& kind, const Name& name,
                                       const std::function<bool(Object&)>& change,
                                       Result<Object> (Store::*write)(Object)) {
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(auto object, store.get(kind, name));
    if (!change(object)) return object;
    auto written = (store.*write)(std::move(object));
    if (written || written.error().code != Code::conflict || attempt == kAttempts) return written;
  }
}

}  // namespace

bool is_claimable(const Object& object, const ListOptions& options) {
  bool is_controlled = false;
  for (const auto& owner : object.owners()) {
    if (std::ranges::find(options.claimable_by, owner.uid) != options.claimable_by.end()) return true;
    is_controlled = is_controlled || owner.controller;
  }
  return !is_controlled && (options.labels.empty() || options.labels.matches(object.labels()));
}

Result<Object> modify(Store& store, const Kind& kind, const Name& name, const std::function<bool(Object&)>& change) {
  return write_until_no_conflict(store, kind, name, change, &Store::update);
}

Result<Object> modify_status(Store& store, const Kind& kind, const Name& name,
                             const std::function<bool(Object&)>& change) {
  return write_until_no_conflict(store, kind, name, change, &Store::update_status);
}

Result<> remove_if_there(Store& store, const Kind& kind, const Name& name) {
  auto removed = store.remove(kind, name);
  if (removed || removed.error().code == Code::not_found) return {};
  return removed;
}

}  // namespace slipway::objects
