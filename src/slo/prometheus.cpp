#include "slo/prometheus.hpp"

#include "core/doc.hpp"
#include "slo/objective.hpp"

namespace slipway::slo {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

std::string config_path(const PrometheusOptions& options) { return options.directory + "/prometheus.yml"; }
std::string rules_path(const PrometheusOptions& options) { return options.directory + "/rules.yml"; }

std::string render_prometheus_config(const PrometheusOptions& options) {
  Array jobs;
  for (const auto& job : options.jobs) {
    Array targets;
    for (const auto& target : job.targets) targets.emplace_back(target);
    Object static_config{{"targets", Value(std::move(targets))}};
    if (!job.labels.empty()) {
      Object labels;
      for (const auto& [key, value] : job.labels) labels.set(key, Value(value));
      static_config.set("labels", Value(std::move(labels)));
    }
    jobs.emplace_back(Object{{"job_name", Value(job.name)},
                             {"metrics_path", Value(job.path)},
                             {"static_configs", Value(Array{Value(std::move(static_config))})}});
  }
  const std::string timeout =
      promql_duration(std::min<core::Duration>(options.scrape_interval, std::chrono::seconds(10)));
  Object global{{"scrape_interval", Value(promql_duration(options.scrape_interval))},
                {"scrape_timeout", Value(timeout)},
                {"evaluation_interval", Value(promql_duration(options.evaluation_interval))}};
  return core::doc::render_yaml(Value(Object{{"global", Value(std::move(global))},
                                             {"rule_files", Value(Array{Value(rules_path(options))})},
                                             {"scrape_configs", Value(std::move(jobs))}}));
}

std::vector<std::string> prometheus_argv(const PrometheusOptions& options) {
  return {options.binary,
          "--config.file=" + config_path(options),
          "--storage.tsdb.path=" + options.directory + "/data",
          "--storage.tsdb.retention.time=" + options.retention_time,
          "--storage.tsdb.retention.size=" + options.retention_size,
          "--web.listen-address=" + options.listen,
          "--web.enable-lifecycle"};
}

}  // namespace slipway::slo
