#pragma once
// Chaos: which faults a seed brings, and when. It knows what it did, so that an unexpected end can be told from a
// fault's.

#include <set>

#include "core/world/simulated_queue.hpp"
#include "surroundings.hpp"

namespace slipway::simulation {

struct ChaosOptions {
  bool crashes = true, kills = true, network = true, commits = true;
};

class Chaos {
 public:
  Chaos(Surroundings& surroundings, std::uint64_t seed, ChaosOptions options);

  // Between two tasks. True: the control plane dies now.
  bool strikes();
  // Lost requests count as failed ones: while a good canary is judged, the network loses nothing and servers live.
  void spare_the_judged(bool spare);
  // Something was just accepted: now and then the control plane dies within the next few tasks.
  void tempt();
  void end();

  int crashes() const { return crashes_; }
  int kills() const { return kills_; }
  int failed_commits() const { return failed_commits_; }
  bool hit_pod(const std::string& pod) const { return hit_pods_.contains(pod); }
  core::Time last_kill() const { return last_kill_; }
  std::string summary() const;

 private:
  void apply_network();
  void kill_one();
  core::Duration gap(int mean_seconds) {
    return core::Duration(
        static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(mean_seconds) * 2'000'000)));
  }

  Surroundings& s_;
  core::SeededRandom random_;
  ChaosOptions options_;
  int crashes_left_ = 0, kills_left_ = 0;
  int crash_gap_ = 20;
  std::uint64_t tasks_to_crash_ = 0;  // 0: nobody counts
  core::Instant next_crash_{}, next_kill_{};
  double request_lost_ = 0, response_lost_ = 0, commit_fails_ = 0;
  bool spares_ = false;
  int crashes_ = 0, kills_ = 0, failed_commits_ = 0;
  std::set<std::string> hit_pods_;
  core::Time last_kill_{};
};

}  // namespace slipway::simulation
