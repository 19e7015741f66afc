#include "pods/ending.hpp"

#include <algorithm>
#include <csignal>

#include "core/log.hpp"
#include "pods/node_file.hpp"

namespace slipway::pods {
namespace {

constexpr Duration look_again = std::chrono::milliseconds(50);

}  // namespace

Ending::Ending(core::World& world, Runtime& runtime, std::vector<Up> up, Duration deadline, core::Task done)
    : world_(world),
      runtime_(runtime),
      up_(std::move(up)),
      count_(up_.size()),
      began_(world.clock.monotonic()),
      deadline_(deadline),
      done_(std::move(done)) {
  log::info("pods", "node stops", {{"containers", count_}});
  look();
}

Ending::~Ending() {
  if (timer_ != 0) world_.loop.cancel(timer_);
}

Result<std::unique_ptr<Ending>> Ending::of_left(core::World& world, Runtime& runtime, const std::string& directory,
                                                Duration deadline, core::Task done) {
  TRY_ASSIGN(auto file, load_node_file(world, directory));
  TRY_ASSIGN(const auto known, runtime.recover());
  std::vector<Up> up;
  for (const auto& id : known) {
    if (runtime.inspect(id).is_up()) up.push_back({id, deadline});
  }
  note_stop(world, directory, file);
  return std::make_unique<Ending>(world, runtime, std::move(up), deadline, std::move(done));
}

void Ending::look() {
  timer_ = 0;
  std::erase_if(up_, [&](const Up& up) { return !runtime_.inspect(up.id).is_up(); });
  if (up_.empty()) {
    if (done_) world_.loop.post(std::exchange(done_, nullptr));
    return;
  }
  const Duration passed = world_.clock.monotonic() - began_;
  const auto is_in_turn = [&](const Up& up) {
    return std::ranges::none_of(
        up_, [&](const Up& other) { return other.id.pod_uid == up.id.pod_uid && other.turn < up.turn; });
  };
  for (Up& up : up_) {
    if (passed >= std::max(std::min(up.grace, deadline_), up.least)) {
      [[maybe_unused]] auto killed = runtime_.signal(up.id, SIGKILL);
    } else if (!up.was_asked && is_in_turn(up)) {
      ask(up, passed);
    }
  }
  timer_ = world_.loop.after(look_again, [this] { look(); });
}

void Ending::ask(Up& up, Duration passed) {
  const Duration time = std::min(up.grace, deadline_);
  if (up.pre_stop && runtime_.inspect(up.id).state == ContainerRecord::State::running)
    up.hook = std::exchange(up.pre_stop, nullptr)(time - passed);
  if (up.hook && !up.hook->has_ended()) return;
  up.was_asked = runtime_.signal(up.id, SIGTERM).has_value();  // not yet, while it is only starting
  if (up.hook) up.least = passed + least_after_hook;
}

void note_stop(core::World& world, const std::string& directory, NodeFile& file) {
  file.stopped_at = world.clock.now();
  if (auto saved = save_node_file(world.files, directory, file); !saved) {
    log::warn("pods", "node.json not written", {{"error", saved.error().one_line()}});
  }
}

}  // namespace slipway::pods
