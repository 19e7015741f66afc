#pragma once
// What a Platform holds, in the order in which it is built; it is taken down in reverse. Inside server/ only.

#include <map>

#include "core/ids.hpp"
#include "core/world/real.hpp"
#include "delivery/delivery.hpp"
#include "forge/forge.hpp"
#include "gateway/publisher/publisher.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "objects/access.hpp"
#include "objects/admission.hpp"
#include "objects/embedded.hpp"
#include "pods/connections.hpp"
#include "pods/ending.hpp"
#include "pods/node.hpp"
#include "pods/shim_runtime.hpp"
#include "registry/registry.hpp"
#include "server/cluster/cluster.hpp"
#include "server/infrastructure.hpp"
#include "server/kubernetes_service.hpp"
#include "server/live.hpp"
#include "server/mirror_pods.hpp"
#include "server/overview.hpp"
#include "server/platform.hpp"
#include "server/root_certificates.hpp"
#include "server/team_file.hpp"
#include "server/triggers.hpp"
#include "server/wiring.hpp"
#include "services/publisher.hpp"
#include "serving/serving.hpp"
#include "slo/prometheus.hpp"
#include "slo/slo.hpp"
#include "slo/traffic.hpp"
#include "storage/blobs.hpp"
#include "storage/database.hpp"
#include "team/audit.hpp"
#include "team/team.hpp"
#include "workflow/engine.hpp"

namespace slipway::server {

struct Platform::State {
  State(PlatformOptions given, DirectoryLock taken) : options(std::move(given)), lock(std::move(taken)) {}

  PlatformOptions options;
  DirectoryLock lock;
  Ports ports;
  std::vector<std::string> warnings;

  core::RealWorld real;
  net::IoThread io;
  std::unique_ptr<core::HttpClient> http;
  std::optional<core::World> world_;
  core::World& world() { return *world_; }

  std::unique_ptr<storage::Database> database;
  std::unique_ptr<storage::BlobStore> blobs;
  std::unique_ptr<team::AuditLog> audit;
  std::unique_ptr<team::Team> team;
  std::unique_ptr<TeamFile> team_file;
  // Where the objects are: in a cluster, or in the embedded API with what belongs to it.
  std::unique_ptr<Cluster> cluster;
  std::unique_ptr<storage::Database> volatile_database;  // Events and Leases
  std::unique_ptr<objects::Embedded> objects;
  std::unique_ptr<objects::Access> access;
  std::unique_ptr<objects::Admission> admission;
  std::unique_ptr<KubernetesService> kubernetes_service;
  std::string authority;  // PEM, of our own certificates
  std::unique_ptr<RootCertificates> root_certificates;
  objects::Store* store = nullptr;  // of either
  std::unique_ptr<pods::ShimRuntime> runtime;
  std::unique_ptr<pods::Cgroups> cgroups;
  std::unique_ptr<pods::Node> node;
  std::unique_ptr<pods::Ending> ending;  // of what an earlier control plane left
  std::unique_ptr<pods::Connections> connections;
  std::unique_ptr<MirrorPods> mirror_pods;
  std::unique_ptr<registry::Registry> registry;
  std::unique_ptr<forge::Forge> forge;
  std::unique_ptr<ForgeTree> source_tree;
  std::unique_ptr<NodeLogs> log_source;
  std::unique_ptr<workflow::Engine> engine;
  std::unique_ptr<Triggers> triggers;
  std::unique_ptr<RegisteredWeights> weights;
  std::unique_ptr<serving::Serving> serving;
  std::unique_ptr<gateway::publisher::Publisher> publisher;
  std::unique_ptr<services::Publisher> services;  // unless the objects are in a cluster, which has its own
  std::unique_ptr<RegisteredVersions> versions;
  std::unique_ptr<CommittedManifests> manifests;
  std::unique_ptr<delivery::MetricQuery> metric_query;
  std::unique_ptr<delivery::Delivery> delivery;
  std::unique_ptr<slo::PrometheusQuery> prometheus_query;
  std::unique_ptr<slo::Slo> slo;
  std::unique_ptr<LiveStream> live;
  net::Router router;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<net::Server> tls_server;      // the same routes for clients that send no token without TLS
  std::unique_ptr<net::Server> block_server;    // and on this directory's own block of loopback
  std::unique_ptr<net::Server> cluster_server;  // the same where the Service `kubernetes` says it is, if it may
  std::unique_ptr<net::Server> shared_server;   // and for those who are elsewhere

  std::unique_ptr<slo::TrafficView> traffic_view;
  doc::Value traffic;           // its newest answer
  std::string rules_written;    // Prometheus' rule file as it is on disk
  bool is_reload_due = false;   // Prometheus has not answered since
  std::string service_network;  // where Services are, once it was looked up
  bool keeps_service_proxy = false;
  bool stopping = false;
  bool has_begun = false;    // the rooms work
  std::string why_it_waits;  // instead of leading over the cluster; empty: it leads

  // What the names of our own Pods and node end with in a cluster, where others have theirs, too: of this data
  // directory.
  std::string own_suffix() const {
    if (!options.profile.cluster) return "";
    return "-" + core::short_hash(options.layout.root).substr(0, 5);
  }
  std::string url(int port) const { return "http://127.0.0.1:" + std::to_string(port); }
};

// engine.cpp: the workflow engine, and what its steps run with.
Result<> open_engine(Platform::State& state);

// parts.cpp: the gateway, Prometheus and the proxy of Services as Pods, kept as they should be; the last from the first
// Service on that needs it.
Result<> start_infrastructure(Platform::State& state);
Result<> start_services(Platform::State& state);
doc::Value describe_parts(Platform::State& state);

// page_state.cpp: what the overview is rendered from.
OverviewInputs gather_overview(Platform::State& state);
void start_traffic_view(Platform::State& state);

}  // namespace slipway::server
