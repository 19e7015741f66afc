#include "slo/query.hpp"

#include <cstdlib>

#include "net/http.hpp"
#include "net/prometheus.hpp"

namespace slipway::slo {
namespace {
using core::doc::Value;

class HttpPrometheusQuery final : public PrometheusQuery {
 public:
  HttpPrometheusQuery(core::World& world, std::function<std::string()> address)
      : world_(world), address_(std::move(address)) {}

  void query(std::string promql, Done done) override {
    get("/api/v1/query?query=" + net::url_encode(promql), std::move(done));
  }

  void query_range(std::string promql, core::Duration window, core::Duration step, Done done) override {
    const auto seconds = [](core::Time time) {
      return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
    };
    const core::Time now = world_.clock.now();
    const auto step_seconds = std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(step).count());
    get("/api/v1/query_range?query=" + net::url_encode(promql) + "&start=" + seconds(now - window) +
            "&end=" + seconds(now) + "&step=" + std::to_string(step_seconds),
        std::move(done));
  }

 private:
  void get(const std::string& path, Done done) {
    net::ask_prometheus(world_, address_(), path, [done = std::move(done)](Result<Value> answer) mutable {
      if (answer && (*answer)["status"].string_or("") != "success")
        answer = fail(Code::invalid_argument, "Prometheus says: " + (*answer)["error"].string_or("no success"));
      done(std::move(answer));
    });
  }

  core::World& world_;
  std::function<std::string()> address_;
};

double number_of(const Value& text) {
  const std::string raw = text.string_or("");
  char* end = nullptr;
  const double value = std::strtod(raw.c_str(), &end);
  return raw.empty() || *end != '\0' ? std::numeric_limits<double>::quiet_NaN() : value;
}
}  // namespace

std::unique_ptr<PrometheusQuery> make_prometheus_query(core::World& world, std::function<std::string()> address) {
  return std::make_unique<HttpPrometheusQuery>(world, std::move(address));
}

Result<std::vector<Sample>> samples_of(const Value& answer) {
  const Value& data = answer["data"];
  std::vector<Sample> samples;
  const std::string type = data["resultType"].string_or("");
  if (type == "scalar") {
    Sample sample;
    sample.value = number_of(data["result"][std::size_t{1}]);
    samples.push_back(std::move(sample));
    return samples;
  }
  if (type != "vector" || !data["result"].is_array())
    return fail(Code::invalid_argument, "expected a vector from Prometheus, not a " + type);
  for (const auto& series : data["result"].as_array()) {
    Sample sample;
    sample.value = number_of(series["value"][std::size_t{1}]);
    if (series["metric"].is_object()) {
      for (const auto& [key, value] : series["metric"].as_object()) sample.labels[key] = value.string_or("");
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::optional<double> single_number(const Value& answer) {
  const auto samples = samples_of(answer);
  if (!samples || samples->size() != 1 || std::isnan(samples->front().value)) return std::nullopt;
  return samples->front().value;
}

}  // namespace slipway::slo
