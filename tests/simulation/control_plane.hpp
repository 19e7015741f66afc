#pragma once
// ControlPlane: all rooms over the surroundings, wired as server/platform.cpp wires them in the real world. It can be
// destroyed at any instant between two tasks and built again.

#include "delivery/delivery.hpp"
#include "gateway/publisher/publisher.hpp"
#include "objects/store.hpp"
#include "pods/node.hpp"
#include "pods/volumes/disk.hpp"
#include "registry/registry.hpp"
#include "server/triggers.hpp"
#include "server/wiring.hpp"
#include "serving/serving.hpp"
#include "slo/slo.hpp"
#include "surroundings.hpp"
#include "team/audit.hpp"
#include "team/team.hpp"
#include "workflow/engine.hpp"

namespace slipway::simulation {

class ControlPlane {
 public:
  explicit ControlPlane(Surroundings& surroundings);
  Result<> start();

  // What the platform's API does with a request of `person`: the same calls, without sockets.
  Result<core::doc::Value> serve(const std::string& person, const core::HttpRequest& request);

 private:
  Result<> open();
  void start_triggers();
  void keep_prometheus();
  void take_requests();
  delivery::Principal principal(const std::string& person) const;
  Result<core::doc::Value> serve_model(const std::vector<std::string>& path, const core::doc::Value& body,
                                       const std::string& person);

  Surroundings& s_;
  core::World world_;

 public:
  std::vector<team::Person> people;
  std::unique_ptr<team::AuditLog> audit;
  std::unique_ptr<objects::Store> store;
  std::unique_ptr<pods::volumes::VolumeDisk> disk;
  std::unique_ptr<pods::Runtime> runtime;
  std::unique_ptr<pods::Node> node;
  std::unique_ptr<registry::Registry> registry;
  std::unique_ptr<server::ForgeTree> source_tree;
  std::unique_ptr<server::NodeLogs> logs;
  std::unique_ptr<workflow::Engine> engine;
  std::unique_ptr<server::Triggers> triggers;
  std::unique_ptr<server::RegisteredWeights> weights;
  std::unique_ptr<serving::Serving> serving;
  std::unique_ptr<gateway::publisher::Publisher> publisher;
  std::unique_ptr<server::RegisteredVersions> versions;
  std::unique_ptr<server::CommittedManifests> manifests;
  std::unique_ptr<delivery::MetricQuery> metric_query;
  std::unique_ptr<delivery::Delivery> delivery;
  std::unique_ptr<slo::PrometheusQuery> prometheus_query;
  std::unique_ptr<slo::Slo> slo;
};

}  // namespace slipway::simulation
