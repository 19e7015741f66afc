#pragma once
// Lifecycle hooks: what a container wants done right after it has started and right before it is asked to end. Not for
// when that is: the reconciler's.

#include <functional>
#include <memory>
#include <optional>

#include "pods/probe.hpp"
#include "pods/prober.hpp"

namespace slipway::pods {

// What a program gets between SIGTERM and SIGKILL when its preStop hook took all the time there was.
inline constexpr Duration least_after_hook = std::chrono::seconds(2);

struct Sleep {
  Duration time{};
};
using HookAction = std::variant<HttpGet, Exec, Sleep>;

// Reads lifecycle.postStart or lifecycle.preStop; nullopt: there is none. invalid_argument says what is wrong with it.
Result<std::optional<HookAction>> parse_hook(const doc::Value& container, std::string_view name,
                                             const std::string& pod_ip);

// One hook under way.
class Hook {
 public:
  // `ended` runs on the loop, never inside a call. Commands run in `surroundings`.
  Hook(core::World& world, const HookAction& action, const Surroundings& surroundings, Duration timeout,
       std::function<void()> ended);
  ~Hook();  // `ended` does not run after this; a command that runs goes on to its timeout
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;

  bool has_ended() const { return has_ended_; }
  // Why it failed; "" while it runs and when it went well.
  const std::string& problem() const { return problem_; }

 private:
  void end(std::string problem);

  core::World& world_;
  std::function<void()> ended_;
  bool has_ended_ = false;
  std::string problem_;
  core::TimerId timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::pods
