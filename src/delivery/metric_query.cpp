#include "delivery/sources.hpp"
#include "net/http.hpp"

namespace slipway::delivery {
namespace {

class PrometheusMetricQuery final : public MetricQuery {
 public:
  PrometheusMetricQuery(core::World& world, std::function<std::string()> address)
      : world_(world), address_(std::move(address)) {}

  void query(std::string address, std::string promql, Done done) override {
    if (address.empty()) address = address_();
    if (address.empty()) {
      world_.loop.post(
          [done = std::move(done)]() mutable { done(fail(Code::unavailable, "no Prometheus is running yet")); });
      return;
    }
    while (address.ends_with('/')) address.pop_back();
    core::HttpRequest request;
    request.url = address + "/api/v1/query?query=" + net::url_encode(promql);
    world_.http.send(std::move(request), [done = std::move(done)](Result<core::HttpResponse> answer) mutable {
      if (!answer) return done(fail(std::move(answer).error()));
      auto body = core::doc::parse_json(answer->body, "Prometheus' answer");
      // Prometheus explains a refused query (4xx) in the same shape; anything else is not from it.
      if (!body || !(*body)["status"].is_string()) {
        return done(
            fail(Code::unavailable, "Prometheus answered " + std::to_string(answer->status) + ", not JSON of its API"));
      }
      done(std::move(body));
    });
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
