#include "delivery/sources.hpp"
#include "net/http.hpp"
#include "net/prometheus.hpp"

namespace slipway::delivery {
namespace {

class PrometheusMetricQuery final : public MetricQuery {
 public:
  PrometheusMetricQuery(core::World& world, std::function<std::string()> address)
      : world_(world), address_(std::move(address)) {}

  void query(std::string address, std::string promql, Done done) override {
    if (address.empty()) address = address_();
    net::ask_prometheus(world_, std::move(address), "/api/v1/query?query=" + net::url_encode(promql), std::move(done));
  }

 private:
  core::World& world_;
  std::function<std::string()> address_;
};
}  // namespace

std::unique_ptr<MetricQuery> make_prometheus_metric_query(core::World& world, std::function<std::string()> address) {
  return std::make_unique<PrometheusMetricQuery>(world, std::move(address));
}

}  // namespace slipway::delivery
