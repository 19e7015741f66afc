#pragma once
// The HorizontalPodAutoscaler controller: every 15 seconds it compares what Pods use with what they are meant to, and
// says how many there are to be. Not for metrics of Pods, objects and services outside: nobody here measures these, and
// a condition says so.

#include <functional>
#include <map>

#include "objects/controller.hpp"
#include "objects/event_recorder.hpp"
#include "pods/workloads/autoscaler_plan.hpp"

namespace slipway::pods::workloads {

inline constexpr objects::Kind autoscaler_kind{"autoscaling", "v2", "HorizontalPodAutoscaler",
                                               "horizontalpodautoscalers"};

// PodMetrics of metrics.k8s.io: timestamp, window, containers[].usage. nullopt while nobody has measured the Pod;
// asking makes somebody measure.
using UsageOf = std::function<std::optional<doc::Value>(const objects::Object& pod)>;

class AutoscalerReconciler final : public objects::Reconciler {
 public:
  AutoscalerReconciler(core::World& world, objects::Store& store, UsageOf usage_of)
      : world_(world),
        store_(store),
        events_(world, store, "horizontal-pod-autoscaler"),
        usage_of_(std::move(usage_of)) {}
  Result<objects::Outcome> reconcile(const objects::Name& name) override;

 private:
  struct Memory {
    std::string uid;
    std::int64_t generation = 0;
    Instant next{};  // before it nothing is looked at, unless somebody changed the autoscaler
    History history;
  };
  struct Scaled;  // what it scales
  struct Wanted {
    int replicas = 0;
    std::string metric, reason;  // the metric that wants most
    doc::Array current;          // status.currentMetrics
  };
  struct Failed {
    std::string reason, message;
  };
  struct Measured {
    Proposal proposal;
    std::string name;
    doc::Value status;
  };
  template <class T>
  using Measuring = std::expected<T, Failed>;

  Result<> look(objects::Object& autoscaler, Memory& memory);
  Result<std::optional<Scaled>> find_target(objects::Object& autoscaler);
  Result<> decide_by_metrics(objects::Object& autoscaler, const Scaled& target, Memory& memory, Wanted& wanted);
  bool measure_all(objects::Object& autoscaler, const Scaled& target, Wanted& wanted);
  Measuring<Measured> measure(const objects::Object& autoscaler, const doc::Value& metric, const Scaled& target);
  Measuring<std::vector<PodSample>> samples_of(const Scaled& target, const std::string& resource,
                                               const std::string& container, bool needs_requests);
  Result<> rescale(objects::Object& autoscaler, const Scaled& target, const Wanted& wanted, Memory& memory);

  core::World& world_;
  objects::Store& store_;
  objects::EventRecorder events_;
  UsageOf usage_of_;
  std::map<objects::Name, Memory> memory_;
};

}  // namespace slipway::pods::workloads
