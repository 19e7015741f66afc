#include "gateway/metrics/gateway_metrics.hpp"

#include <array>

namespace slipway::gateway::metrics {
namespace {

// Istio's (pilot: stats for istio_request_duration_milliseconds).
const std::vector<double> istio_milliseconds{0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
                                             2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};
// vLLM's time_to_first_token_seconds, and its gaps, refined at the low end where a laptop's small models live.
const std::vector<double> first_token_seconds{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2,
                                              0.25,  0.3,   0.4,  0.5,  0.75, 1,    1.5,  2,   2.5,  3,
                                              4,     5,     7.5,  10,   20,   40,   80,   160};
const std::vector<double> gap_seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05,
                                      0.075,  0.1,   0.15,   0.2,   0.3,  0.4,   0.5,  0.75,  1,    2.5,  5};

Labels service_labels(const Target& t) {
  return {{"destination_service_namespace", t.ns},
          {"destination_service_name", t.service},
          {"destination_subset", t.subset}};
}
Labels version_labels(const Target& t) {
  Labels labels = service_labels(t);
  labels.emplace_back("destination_version", t.version);
  labels.emplace_back("destination_canonical_revision", t.revision);
  return labels;
}
double seconds(core::Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

Target target_of(const traffic::Backend& backend, const traffic::Endpoint* endpoint) {
  Target target;
  if (!backend.ns.empty()) target.ns = backend.ns;
  target.service = backend.service;
  target.subset = backend.subset;
  if (endpoint && !endpoint->version.empty()) target.version = endpoint->version;
  if (endpoint && !endpoint->revision.empty()) target.revision = endpoint->revision;
  return target;
}

Metrics::Metrics()
    : requests_("istio_requests_total", "Requests answered by the gateway.", Family::Type::counter),
      duration_("istio_request_duration_milliseconds", "From the request's head to the response's last byte.",
                Family::Type::histogram, istio_milliseconds),
      first_token_("slipway_gateway_time_to_first_token_seconds",
                   "From the request's head to the first streamed content, or the first body byte.",
                   Family::Type::histogram, first_token_seconds),
      token_gap_("slipway_gateway_inter_token_latency_seconds", "Between streamed pieces of content.",
                 Family::Type::histogram, gap_seconds),
      in_flight_("slipway_gateway_requests_in_flight", "Requests being served now.", Family::Type::gauge),
      version_("slipway_gateway_snapshot_version", "Version of the rules in force; 0: none yet.", Family::Type::gauge),
      age_("slipway_gateway_snapshot_age_seconds", "Since the rules in force were taken over.", Family::Type::gauge) {
  version_.set({}, 0);
}

void Metrics::started(const Target& target) { in_flight_.add(service_labels(target), 1); }
void Metrics::ended(const Target& target) { in_flight_.add(service_labels(target), -1); }

void Metrics::finished(const Outcome& outcome) {
  Labels labels = version_labels(outcome.target);
  if (outcome.first_token && outcome.status / 100 == 2) first_token_.observe(labels, seconds(*outcome.first_token));
  labels.insert(labels.begin(), {{"reporter", "gateway"}, {"source_workload", "slipway-gateway"}});
  labels.emplace_back("response_code", std::to_string(outcome.status));
  duration_.observe(labels, seconds(outcome.duration) * 1000);
  labels.emplace_back("response_flags", outcome.flags);
  requests_.add(labels);
}

void Metrics::token_gap(const Target& target, core::Duration gap) {
  token_gap_.observe(version_labels(target), seconds(gap));
}

void Metrics::set_snapshot(std::uint64_t version, core::Instant taken) {
  version_.set({}, static_cast<double>(version));
  taken_ = taken;
}

void Metrics::refresh(core::Instant now) {
  if (taken_) age_.set({}, seconds(now - *taken_));
}

std::string Metrics::render(core::Instant now) {
  refresh(now);
  std::string out;
  for (const Family* family : {&requests_, &duration_, &first_token_, &token_gap_, &in_flight_, &version_, &age_})
    family->render(out);
  return out;
}

std::vector<Sample> Metrics::samples(core::Instant now) {
  refresh(now);
  std::vector<Sample> out;
  for (const Family* family : {&requests_, &duration_, &first_token_, &token_gap_, &in_flight_, &version_, &age_})
    family->collect(out);
  return out;
}

}  // namespace slipway::gateway::metrics
