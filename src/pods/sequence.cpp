#include "pods/sequence.hpp"

#include <algorithm>

namespace slipway::pods {
namespace {

bool has_ended(const ContainerView& view) { return view.current.has_exited() && !view.will_restart; }

}  // namespace

bool is_through(const ContainerView& view) {
  if (view.role == Role::sidecar) return view.current.state == ContainerRecord::State::running && view.started;
  return view.current.has_exited() && view.current.exit.code == 0;
}

bool has_begun(std::span<const ContainerView> containers) {
  return std::ranges::any_of(containers, [](const ContainerView& view) {
    return view.role == Role::main && (view.attempt > 0 || view.current.state != ContainerRecord::State::absent);
  });
}

bool is_over(std::span<const ContainerView> containers) {
  bool any_main = false;
  bool all_ended = true;
  for (const auto& view : containers) {
    if (view.role == Role::init && has_ended(view) && view.current.exit.code != 0) return true;
    if (view.role != Role::main) continue;
    any_main = true;
    all_ended = all_ended && has_ended(view);
  }
  return any_main && all_ended;
}

const ContainerView* next_to_leave(std::span<const ContainerView> containers) {
  for (std::size_t i = containers.size(); i-- > 0;) {
    if (containers[i].role == Role::sidecar && containers[i].current.is_up()) return &containers[i];
  }
  return nullptr;
}

bool is_next_to_leave(std::span<const ContainerView> containers, const ContainerView& view) {
  if (view.role != Role::sidecar) return true;
  const bool others_are_up = std::ranges::any_of(containers, [](const ContainerView& other) {
    return (other.role == Role::main || other.role == Role::init) && other.current.is_up();
  });
  return !others_are_up && next_to_leave(containers) == &view;
}

}  // namespace slipway::pods
