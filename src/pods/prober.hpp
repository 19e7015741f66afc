#pragma once
// Prober: asks the three probes of one running container and says whether it has started, is ready, must be ended.
// Not for deciding what follows: that is the reconciler's.

#include <functional>
#include <memory>

#include "core/world/world.hpp"
#include "pods/probe.hpp"
#include "pods/runtime.hpp"

namespace slipway::pods {

struct ProbeSet {
  std::optional<Probe> startup, liveness, readiness;
};
Result<ProbeSet> parse_probes(const doc::Value& container, const std::string& pod_ip);

// What the probes say. A container without probes has started and is ready as soon as it runs.
struct Health {
  bool started = false;
  bool ready = false;
  std::string must_end;           // why startup or liveness gave up; "" while they have not
  std::optional<Duration> grace;  // then; absent: the Pod's
  std::string complaint;  // of the probe that failed last: "Readiness probe failed: ..."; "" when it is well again
};

// Where commands of exec probes run.
struct Surroundings {
  std::vector<std::pair<std::string, std::string>> environment;
  std::function<Command(std::vector<std::string> argv)> place;  // how, beside the container's program
  std::function<Command(const Grpc& probe)> health_check = {};  // what asks a gRPC server
};

class Prober {
 public:
  // `inherited` is what an earlier control plane knew of the same attempt: an adopted container stays ready until it
  // answers otherwise. `changed` runs on the loop whenever health() answers something new. `age` is how long the
  // container has run.
  Prober(core::World& world, ProbeSet probes, Surroundings surroundings, Health inherited, Duration age,
         std::function<void()> changed);
  ~Prober();  // no callback runs after this
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  const Health& health() const { return health_; }

 private:
  enum class Which { startup, liveness, readiness };
  struct Line;  // one probe in operation
  static std::string name_of(Which which);
  void begin(Line& line, Duration delay);
  void run(Line& line, Command command);
  void ask(Line& line);
  void answered(Line& line, bool good, const std::string& why);
  void begin_after_startup();

  core::World& world_;
  Surroundings surroundings_;
  Instant running_since_;
  Health health_;
  std::function<void()> changed_;
  std::unique_ptr<Line> startup_, liveness_, readiness_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers on their way hold it weakly
};

}  // namespace slipway::pods
