#pragma once
// Metrics: what the API server counts, under the names that kube-apiserver gives them, so that the dashboards and
// alerts which people have read it: apiserver_request_total, apiserver_request_duration_seconds,
// apiserver_current_inflight_requests, apiserver_longrunning_requests, apiserver_watch_events_total and _sizes,
// apiserver_storage_objects, apiserver_resource_objects, kubernetes_build_info, process_*.
// Label values come from the catalog, never from what a client made up.
//
// Thread: the control loop only; a measured Responder may be used from any.

#include <memory>
#include <string>

#include "core/metrics.hpp"
#include "core/world/world.hpp"
#include "objects/api/call.hpp"
#include "objects/backend.hpp"

namespace slipway::objects::api {

class Metrics {
 public:
  // Both outlive this.
  Metrics(core::World& world, Backend& backend);
  ~Metrics();

  // The call's responder, from now on, counts how and when the request was answered: once, at its end.
  void measure(Call& call);
  // Where a watcher counts what it sends; valid as long as this.
  struct WatchEvents {
    core::metrics::Family::Series& count;
    core::metrics::Family::Series& sizes;
  };
  WatchEvents watch_events(const schema::Resource& resource);
  // Prometheus' text. Stored objects are counted anew when the last count is half a minute old.
  std::string render(const Catalog& catalog);

 private:
  struct Families;
  class Measured;
  void count_objects(const Catalog& catalog);

  core::World& world_;
  Backend& backend_;
  std::shared_ptr<Families> families_;
  std::optional<Instant> counted_;
};

}  // namespace slipway::objects::api
