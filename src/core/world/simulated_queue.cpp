#include "core/world/simulated_queue.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace slipway::core {
namespace {

constexpr std::uint64_t livelock_limit = 250'000;  // tasks at one instant: they only post each other

}  // namespace

TimerId SimulatedQueue::plan_for(Owner owner, Duration delay, Task task) {
  const Instant due = now_ + std::max(delay, Duration::zero());
  const TimerId id = next_id_++;
  due_.emplace(id, due);
  tasks_.emplace(std::pair(due, id), Planned{owner, std::move(task)});
  return id;
}

void SimulatedQueue::cancel(TimerId id) {
  const auto found = due_.find(id);
  if (found == due_.end()) return;
  const auto planned = tasks_.extract(std::pair(found->second, id));  // destroyed last: it may cancel others
  due_.erase(found);
}

void SimulatedQueue::forget(Owner owner) {
  std::vector<Planned> forgotten;  // destroyed last: destructors may plan or cancel
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    if (it->second.owner != owner) {
      ++it;
      continue;
    }
    forgotten.push_back(std::move(it->second));
    due_.erase(it->first.second);
    it = tasks_.erase(it);
  }
}

void SimulatedQueue::forget_all() {
  while (!tasks_.empty()) {
    const auto tasks = std::exchange(tasks_, {});
    due_.clear();
  }
}

void SimulatedQueue::run_next() {
  auto next = tasks_.extract(tasks_.begin());
  const auto [due, id] = next.key();
  due_.erase(id);
  at_this_instant_ = due > now_ ? 0 : at_this_instant_ + 1;
  if (at_this_instant_ > livelock_limit)
    throw std::runtime_error("simulated world: time stands still, tasks only post each other");
  now_ = std::max(now_, due);
  as(next.mapped().owner, next.mapped().task);
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15U;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    word = z ^ (z >> 31U);
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

Duration SeededRandom::between(Duration low, Duration high) {
  if (high <= low) return low;
  return low + Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>((high - low).count()) + 1)));
}

}  // namespace slipway::core
