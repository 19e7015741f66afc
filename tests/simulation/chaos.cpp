#include "chaos.hpp"

#include <algorithm>

namespace slipway::simulation {
namespace {

using namespace std::chrono_literals;

}  // namespace

Chaos::Chaos(Surroundings& surroundings, std::uint64_t seed, ChaosOptions options)
    : s_(surroundings), random_(seed ^ 0x5151'5151U), options_(options) {
  const core::Instant now = s_.world.clock.monotonic();
  if (options_.crashes) crashes_left_ = static_cast<int>(random_.below(7));
  if (options_.kills) kills_left_ = static_cast<int>(random_.below(5));
  crash_gap_ = random_.chance(0.3) ? 4 : 20;
  next_crash_ = now + gap(crash_gap_);
  next_kill_ = now + gap(20);
  if (options_.network && random_.chance(0.7)) {
    request_lost_ = random_.uniform() * 0.03;
    response_lost_ = random_.uniform() * 0.03;
    s_.simulation.faults().latency_max = core::Duration(static_cast<std::int64_t>(2'000 + random_.below(60'000)));
  }
  apply_network();
  if (options_.commits && random_.chance(0.5)) {
    commit_fails_ = random_.uniform() * 0.03;
    s_.database->set_commit_fault([this]() -> Result<> {
      if (!random_.chance(commit_fails_)) return {};
      ++failed_commits_;
      return fail(Code::resource_exhausted, "the disk is full");
    });
  }
}

void Chaos::apply_network() {
  s_.simulation.faults().request_lost = spares_ ? 0 : request_lost_;
  s_.simulation.faults().response_lost = spares_ ? 0 : response_lost_;
}

void Chaos::spare_the_judged(bool spare) {
  spares_ = spare;
  apply_network();
}

void Chaos::tempt() {
  if (crashes_left_ > 0 && random_.chance(0.3)) tasks_to_crash_ = 1 + random_.below(12);
}

void Chaos::end() {
  crashes_left_ = kills_left_ = 0;
  request_lost_ = response_lost_ = commit_fails_ = 0;
  apply_network();
  s_.database->set_commit_fault({});
}

bool Chaos::strikes() {
  const core::Instant now = s_.world.clock.monotonic();
  if (kills_left_ > 0 && now >= next_kill_) {
    next_kill_ = now + gap(20);
    kill_one();
  }
  if (crashes_left_ == 0) return false;
  const bool is_counted_down = tasks_to_crash_ > 0 && --tasks_to_crash_ == 0;
  if (!is_counted_down && now < next_crash_) return false;
  next_crash_ = now + gap(crash_gap_);
  --crashes_left_;
  ++crashes_;
  return true;
}

// kill -9 of some program, or of a shim. What a shim watched over is lost with it.
void Chaos::kill_one() {
  const auto alive = s_.simulation.processes();
  std::vector<core::ProcessIdentity> victims;
  for (const auto& process : alive) {
    const auto known = std::ranges::find(s_.started, process, &Started::process);
    const bool is_program = known != s_.started.end();
    if (process == alive.front()) continue;  // the people outside
    if (spares_ && (!is_program || known->program == "model-server")) continue;
    victims.push_back(process);
  }
  if (victims.empty()) return;
  const auto victim = victims[random_.below(victims.size())];
  const auto known = std::ranges::find(s_.started, victim, &Started::process);
  if (known != s_.started.end()) {
    hit_pods_.insert(known->pod);
  } else {
    for (const auto& started : s_.started) {
      if (!started.has_ended) hit_pods_.insert(started.pod);
    }
  }
  --kills_left_;
  ++kills_;
  last_kill_ = s_.world.clock.now();
  s_.simulation.kill(victim);
}

std::string Chaos::summary() const {
  return std::to_string(crashes_) + " crashes, " + std::to_string(kills_) + " kills, " +
         std::to_string(failed_commits_) + " failed commits";
}

}  // namespace slipway::simulation
