#pragma once
// What delivery asks of its neighbours, as small interfaces that server/ wires: where manifests, facts about versions
// and measurements come from. All are called on the control loop only.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/doc.hpp"
#include "core/world/world.hpp"

namespace slipway::delivery {

using ManifestFiles = std::vector<std::pair<std::string, std::string>>;  // path in the repository, text

class ManifestSource {
 public:
  virtual ~ManifestSource() = default;
  // Every .yaml, .yml and .json file of `directory` as it was at `commit`, in order of path. not_found when the commit
  // or the directory does not exist; `unavailable` means "ask again later" (the promotion waits).
  virtual Result<ManifestFiles> files(const std::string& repository, const std::string& commit,
                                      const std::string& directory) = 0;
};

// What the registry knows of one version.
struct VersionFacts {
  std::string model;
  std::string version;
  std::string artifact;  // "sha256:...": the weights' blob
  std::string state;     // LIVE or ARCHIVED
  std::string commit;
  std::string repository;
  std::string run;  // the workflow run that made it
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> parameters;
};

class VersionSource {
 public:
  virtual ~VersionSource() = default;
  virtual Result<VersionFacts> version(const std::string& model, const std::string& version) = 0;  // not_found
};

class MetricQuery {
 public:
  using Done = std::move_only_function<void(Result<core::doc::Value>)>;
  virtual ~MetricQuery() = default;
  // An instant query, evaluated now. `address` is empty for the house's own Prometheus. `done` runs on the control
  // loop, once, never inside this call, with Prometheus' answer: {"status","data":{"resultType","result"}}.
  virtual void query(std::string address, std::string promql, Done done) = 0;
};

// Asks a real Prometheus: GET ADDRESS/api/v1/query. `address` is asked for each query, for the Prometheus may move.
std::unique_ptr<MetricQuery> make_prometheus_metric_query(core::World& world, std::function<std::string()> address);

}  // namespace slipway::delivery
