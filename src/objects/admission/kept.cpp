#include "objects/admission/kept.hpp"

#include <algorithm>

#include "storage/database.hpp"

namespace slipway::objects::admission {

const std::vector<Object>& Kept::all() {
  if (objects_ && watch_ != nullptr) return *objects_;
  if (is_watch_over_) watch_.reset();
  is_watch_over_ = false;
  objects_.emplace();
  const auto resource = context_.catalog.stored(group_, kind_);
  if (resource == nullptr) return *objects_;
  const auto kind = objects::kind_of(*resource);
  if (watch_ == nullptr) {
    auto watch = context_.backend.watch(kind, std::nullopt, [this](const std::shared_ptr<const Change>& change) {
      objects_.reset();
      is_watch_over_ = is_watch_over_ || change == nullptr;
    });
    if (watch) watch_ = std::move(*watch);
  }
  // What was read inside a group of writes may never have been.
  context_.database.after_group([this, alive = std::weak_ptr<int>(alive_)](bool durable) {
    if (!durable && !alive.expired()) objects_.reset();
  });
  // One that cannot be read decides nothing.
  (void)context_.backend.list(kind, {}, [&](const Stored& stored) {
    if (auto object = stored.parse()) objects_->push_back(std::move(*object));
    return true;
  });
  return *objects_;
}

const Object* Kept::find(const Name& name) {
  const auto& objects = all();
  const auto found = std::ranges::lower_bound(objects, name, {}, &Object::name);
  return found == objects.end() || found->name() != name ? nullptr : &*found;
}

}  // namespace slipway::objects::admission
