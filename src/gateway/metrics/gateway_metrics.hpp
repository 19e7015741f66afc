#pragma once
// Metrics: what the gateway counts, under Istio's names where Istio has one. The real gateway and the simulated one
// keep the same families, so that the same queries judge both. One thread.
//
// istio_requests_total{reporter="gateway",source_workload="slipway-gateway",destination_service_namespace,
//   destination_service_name,destination_subset,destination_version,destination_canonical_revision,response_code,response_flags}
// istio_request_duration_milliseconds            the same labels but the flags
// slipway_gateway_time_to_first_token_seconds    {the destination_ labels}: 2xx only
// slipway_gateway_inter_token_latency_seconds    the same
// slipway_gateway_requests_in_flight             {destination_service_namespace, _name, _subset}
// slipway_gateway_snapshot_version, slipway_gateway_snapshot_age_seconds (since it was taken; only with a snapshot)
//
// response_flags are Envoy's: "-" fine, NR no route, NC no such backend, UH no ready endpoint, UF connect failure, UC
// upstream closed early, UT timeout, DC client went away (response_code 0). One departure from Istio: a response that
// its upstream cut off after the status was sent counts as 502 UC, not as 200, so that error rates see it.

#include <optional>

#include "core/metrics.hpp"
#include "core/time.hpp"
#include "gateway/traffic/snapshot.hpp"

namespace slipway::gateway::metrics {

using core::metrics::Family;
using core::metrics::Labels;
using core::metrics::Sample;

// Who got the request; all "unknown" when no backend was chosen.
struct Target {
  std::string ns = "unknown", service = "unknown", version = "unknown", revision = "unknown", subset;
};
Target target_of(const traffic::Backend& backend, const traffic::Endpoint* endpoint);

struct Outcome {
  Target target;
  int status = 0;
  std::string flags = "-";
  core::Duration duration{};
  std::optional<core::Duration> first_token;
};

class Metrics {
 public:
  Metrics();
  void started(const Target& target);  // in flight; the version does not count
  void ended(const Target& target);
  void finished(const Outcome& outcome);
  void token_gap(const Target& target, core::Duration gap);
  void set_snapshot(std::uint64_t version, core::Instant taken);

  std::string render(core::Instant now);
  std::vector<Sample> samples(core::Instant now);  // what render() says, taken apart
  // For tests and simulated analyses: the sum of istio_requests_total over the series with these labels.
  double requests(const std::map<std::string, std::string>& labels = {}) const { return requests_.total(labels); }
  double first_tokens(const std::map<std::string, std::string>& labels = {}) const {
    return first_token_.total(labels);
  }
  double in_flight() const { return in_flight_.total(); }

 private:
  void refresh(core::Instant now);
  Family requests_, duration_, first_token_, token_gap_, in_flight_, version_, age_;
  std::optional<core::Instant> taken_;
};

}  // namespace slipway::gateway::metrics
