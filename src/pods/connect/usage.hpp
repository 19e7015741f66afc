#pragma once
// metrics.k8s.io/v1beta1: what Pods and the node use, sampled from /proc every 15 seconds while somebody asks. The CPU
// of a container is that of its program and all that descends from it, memory what they hold resident (pages that
// processes share count for each).

#include <memory>
#include <optional>

#include "core/world/background.hpp"
#include "pods/connect/context.hpp"
#include "pods/connect/process_table.hpp"

namespace slipway::pods::connect {

struct Usage {
  // `context` outlives it.
  explicit Usage(Context& context);
  ~Usage();
  void answer(const api::CallPtr& call);
  // PodMetrics; nullopt until there are two samples, which asking makes come.
  std::optional<doc::Value> of(const objects::Object& pod);

 private:
  void sample();
  api::Answer<net::Response> response(const api::Call& call) const;
  doc::Value node_metrics() const;
  std::optional<doc::Value> pod_metrics(const objects::Object& pod) const;
  std::optional<doc::Value> container_usage(const ContainerId& id) const;

  Context& context_;
  std::optional<ProcessTable> before_, now_;
  core::TimerId timer_ = 0;
  Instant asked_{};
  bool is_sampling_ = false;
  std::vector<api::CallPtr> waiting_;  // for the first sample
  core::BackgroundTasks background_;   // destroyed first
};

// "1234567n", of CPU ticks in that time; and "2048Ki". Pure.
std::string cpu_quantity(std::uint64_t ticks, Duration window, long ticks_per_second);
std::string memory_quantity(std::uint64_t bytes);

}  // namespace slipway::pods::connect
