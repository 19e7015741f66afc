#pragma once
// registry: models, their versions with lineage, and what was measured of them. One registry with two faces: Kubeflow
// Model Registry's REST API for the clients that teams have, and an atomic one of our own. Bytes lie in the BlobStore;
// the registry keeps their digests. Control loop only.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.hpp"
#include "core/doc.hpp"
#include "core/events.hpp"
#include "core/world/background.hpp"

namespace slipway::storage {
class BlobStore;
class Connection;
class Database;
}  // namespace slipway::storage
namespace slipway::net {
class Router;
}

namespace slipway::registry {

struct VersionRecord {
  std::int64_t id = 0;  // as the Kubeflow face shows it
  std::string model, version;
  std::string state;  // LIVE or ARCHIVED
  std::string description;
  std::string weights;  // "sha256:..."; "" when a Kubeflow client registered bytes that lie elsewhere (see uri)
  std::string uri;      // of the model artifact; the digest again for our own
  std::string format;   // "gguf"
  std::string commit, repository, run;  // lineage; "" when unknown
  std::string author;
  doc::Value parameters;                  // object of scalars
  std::map<std::string, double> metrics;  // the latest of each name
  doc::Value config;                      // what else changes behaviour: an object
  Time created{};
};

// What makes a version. Weights, format, parameters and config are its content; the rest is lineage.
struct Registration {
  std::string model, version;
  std::string description;
  core::Digest weights;
  std::string format;
  std::string commit, repository, run;
  std::string author;
  doc::Value parameters = doc::Object{};
  std::map<std::string, double> metrics;
  doc::Value config = doc::Object{};
};

class Registry {
 public:
  // Everything handed in outlives the registry. Makes its tables, and records in `events` what a crash kept from it.
  static Result<std::unique_ptr<Registry>> open(core::World world, storage::Database& database,
                                                storage::BlobStore& blobs, core::EventSink& events);

  struct Registered {
    VersionRecord record;
    bool created = false;  // false: it was there already, with the same content
  };
  // Model (made when new), version, artifact, parameters, metrics and lineage, all or nothing. Repeating it with the
  // same content is fine and only adds metrics. already_exists when the version stands for other content;
  // failed_precondition when the weights are not stored; invalid_argument for bad names.
  Result<Registered> register_version(Registration registration);
  // Adds to or replaces what is known of that version. not_found.
  Result<VersionRecord> record_metrics(std::string_view model, std::string_view version,
                                       const std::map<std::string, double>& metrics, std::string_view run,
                                       std::string_view actor);

  Result<VersionRecord> get_version(std::string_view model, std::string_view version) const;  // not_found
  Result<std::optional<VersionRecord>> find_version(std::string_view model, std::string_view version) const;
  Result<std::vector<VersionRecord>> list_versions(std::string_view model) const;  // oldest first; "" = of all models
  Result<std::vector<std::string>> list_models() const;

  // /api/model_registry/v1alpha3 and /v1, and under /api/slipway/v1: blobs and models. The registry outlives the
  // router.
  void add_routes(net::Router& router);

 private:
  Registry(core::World world, storage::Database& database, storage::BlobStore& blobs, core::EventSink& events);
  Result<> write_version(storage::Connection& connection, const Registration& registration, const std::string& content,
                         bool& created);
  Result<> announce(const VersionRecord& record);
  Result<> announce_forgotten();

  core::World world_;
  storage::Database& database_;
  storage::BlobStore& blobs_;
  core::EventSink& events_;
  core::BackgroundTasks tasks_;
};

// Letters, digits, '.', '_', '-' and ':', starting with a letter or digit, at most 128: they appear in
// model-registry://MODEL/VERSION.
bool is_version_name(std::string_view name);

doc::Value render(const VersionRecord& record);

}  // namespace slipway::registry
