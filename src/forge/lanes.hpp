#pragma once
// Lanes: work on one repository that must not overlap (a push, the recovery) takes turns; others do not wait.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/world/world.hpp"

namespace slipway::forge {

class Lanes : public std::enable_shared_from_this<Lanes> {
 public:
  // Held while the work goes on; the next one starts when its last copy is gone.
  class Turn {
   public:
    Turn(std::weak_ptr<Lanes> lanes, std::string name) : lanes_(std::move(lanes)), name_(std::move(name)) {}
    ~Turn() {
      if (const auto lanes = lanes_.lock()) lanes->next(name_);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::weak_ptr<Lanes> lanes_;
    std::string name_;
  };
  using Work = std::move_only_function<void(std::shared_ptr<Turn>)>;

  explicit Lanes(core::Loop& loop) : loop_(loop) {}

  void enqueue(const std::string& name, Work work) {
    auto& lane = lanes_[name];
    lane.waiting.push_back(std::move(work));
    if (!lane.busy) next(name);
  }

 private:
  struct Lane {
    bool busy = false;
    std::deque<Work> waiting;
  };

  void next(const std::string& name) {
    const auto lane = lanes_.find(name);
    if (lane == lanes_.end()) return;
    if (lane->second.waiting.empty()) {
      lanes_.erase(lane);
      return;
    }
    lane->second.busy = true;
    auto work = std::move(lane->second.waiting.front());
    lane->second.waiting.pop_front();
    auto turn = std::make_shared<Turn>(weak_from_this(), name);
    loop_.post([work = std::move(work), turn = std::move(turn)]() mutable { work(std::move(turn)); });
  }

  core::Loop& loop_;
  std::map<std::string, Lane> lanes_;
};

}  // namespace slipway::forge
