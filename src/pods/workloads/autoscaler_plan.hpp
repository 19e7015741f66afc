#pragma once
// How many replicas a HorizontalPodAutoscaler wants, as functions of what Pods use, what was recommended before, and
// how fast it may go. Pure. The controller around it is autoscaler.hpp.
// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details

#include <optional>
#include <string>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::pods::workloads {

struct PodSample {
  enum class State : std::uint8_t {
    counted,
    unready,  // pending, or still beginning: it counts as idle when others ask for more
    missing,  // nobody measured it: it counts against any change
    ignored,  // it ends, or has failed
  } state = State::counted;
  std::int64_t request = 0, usage = 0;  // in thousandths
};

struct Target {
  std::int64_t value = 0;  // percent of what Pods ask for, or thousandths of what each may use
  bool is_percent = false;
  double tolerance_up = 0.1, tolerance_down = 0.1;  // a smaller difference from the target is none
};

struct Proposal {
  int replicas = 0;
  std::int64_t average = 0;  // thousandths a Pod
  std::int64_t percent = 0;  // of what Pods ask for
};
// nullopt: nothing was measured.
std::optional<Proposal> propose(const Target& target, int current, const std::vector<PodSample>& samples);

struct ScalingRules {
  struct Policy {
    bool is_percent = false;
    int value = 0;
    Duration period{};
  };
  Duration window{};   // of stabilisation: the best of all recommendations in it counts
  std::string select;  // Max, Min, Disabled
  std::vector<Policy> policies;
  std::optional<double> tolerance;
};
struct Behavior {
  ScalingRules up, down;
  bool is_given = false;  // else as it was before there were any: twice as many, or 4, at once
};
Behavior read_behavior(const doc::Value& spec);

struct History {
  struct Entry {
    Time at;
    int count;
  };
  std::vector<Entry> recommendations, added, removed;
  // Forgets what no rule looks back to.
  void trim(const Behavior& behavior, Time now);
};

struct Decision {
  int replicas = 0;
  struct Note {  // of a condition
    bool is_true = false;
    std::string reason, message;
  };
  Note able, limited;  // AbleToScale, ScalingLimited
};
// `recommended` is remembered in `history`.
Decision decide(const Behavior& behavior, int current, int recommended, int least, int most, History& history,
                Time now);

}  // namespace slipway::pods::workloads
