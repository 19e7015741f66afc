#pragma once
// StoreWatch: a watch of a backend as Store gives it to controllers: what is there first, then what changes. One that
// the backend cut off begins again by itself. Inside of objects.

#include <functional>
#include <memory>

#include "objects/backend.hpp"

namespace slipway::objects {

using OnEvent = std::function<void(const WatchEvent&)>;

class StoreWatch final : public Watch {
 public:
  // After that version; from the beginning when it is empty. invalid_argument, gone.
  static Result<std::unique_ptr<Watch>> open(core::Loop& loop, Backend& backend, const Kind& kind,
                                             const std::string& version, OnEvent on_event);
  ~StoreWatch() override;

 private:
  struct State;
  explicit StoreWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace slipway::objects
