#pragma once
// What a Prometheus that Slipway starts needs: its configuration file and its command line. Pure; the server writes the
// files and makes the Pod.

#include <map>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace slipway::slo {

struct ScrapeJob {
  std::string name;                  // "gateway", "control-plane", "model-servers"
  std::vector<std::string> targets;  // "127.0.0.1:15020"
  std::string path = "/metrics";
  std::map<std::string, std::string> labels;
};

struct PrometheusOptions {
  std::string binary = "prometheus";
  std::string directory;  // prometheus.yml, rules.yml and data/ live here
  std::string listen = "127.0.0.1:9090";
  std::string retention_time = "2h";
  std::string retention_size = "256MB";
  core::Duration scrape_interval = std::chrono::seconds(2);
  core::Duration evaluation_interval = std::chrono::seconds(5);
  std::vector<ScrapeJob> jobs;
};

std::string config_path(const PrometheusOptions& options);  // DIRECTORY/prometheus.yml
std::string rules_path(const PrometheusOptions& options);   // DIRECTORY/rules.yml
// prometheus.yml: the scrape jobs, and rules.yml beside it (which must exist, may be empty).
std::string render_prometheus_config(const PrometheusOptions& options);
// Loopback, bounded retention, and /-/reload enabled so that a changed file needs no restart.
std::vector<std::string> prometheus_argv(const PrometheusOptions& options);

}  // namespace slipway::slo
