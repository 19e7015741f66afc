#include "slo/traffic.hpp"

#include <array>
#include <cstdlib>

#include "slo/objective.hpp"

namespace slipway::slo {
namespace {
using core::doc::Array;
using core::doc::Object;
using core::doc::Value;

using ByVersion = std::map<std::string, double>;
using SeriesByVersion = std::map<std::string, std::map<std::int64_t, double>>;

enum Instant : std::size_t { requests, errors, rps, p50, p95, instants };
enum Range : std::size_t { rps_series, error_series, p95_series, ranges };

struct Gathered {
  std::array<ByVersion, instants> now;
  std::array<SeriesByVersion, ranges> over_time;
  std::size_t waiting = std::size_t{instants} + ranges;
  std::size_t answered = 0;
  std::optional<Error> failure;
  TrafficView::Done done;
};

struct Queries {
  std::string where;  // label matchers
  std::string window;
  std::string counter(std::string_view function, std::string_view range, bool only_errors) const {
    return "sum by (destination_version) (" + std::string(function) + "(istio_requests_total{" + where +
           (only_errors ? ",response_code!~\"[123]..\"" : "") + "}[" + std::string(range) + "]))";
  }
  std::string quantile(std::string_view q, std::string_view range) const {
    return "histogram_quantile(" + std::string(q) +
           ", sum by (destination_version, le) (rate(slipway_gateway_time_to_first_token_seconds_bucket{" + where +
           "}[" + std::string(range) + "])))";
  }
  std::string instant(std::size_t which) const {
    switch (which) {
      case requests:
        return counter("increase", window, false);
      case errors:
        return counter("increase", window, true);
      case rps:
        return counter("rate", "1m", false);
      case p50:
        return quantile("0.5", window);
      default:
        return quantile("0.95", window);
    }
  }
  std::string range(std::size_t which) const {
    switch (which) {
      case rps_series:
        return counter("rate", "30s", false);
      case error_series:
        return counter("rate", "30s", true);
      default:
        return quantile("0.95", "30s");
    }
  }
};

SeriesByVersion series_of(const Value& answer) {
  SeriesByVersion by_version;
  const Value& result = answer["data"]["result"];
  if (!result.is_array()) return by_version;
  for (const auto& series : result.as_array()) {
    auto& points = by_version[series["metric"]["destination_version"].string_or("")];
    if (!series["values"].is_array()) continue;
    for (const auto& point : series["values"].as_array()) {
      const double value = std::strtod(point[std::size_t{1}].string_or("nan").c_str(), nullptr);
      if (std::isfinite(value)) points[static_cast<std::int64_t>(point[std::size_t{0}].double_or(0))] = value;
    }
  }
  return by_version;
}

template <class Map, class Key>
auto find_in(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

VersionTraffic traffic_of(const Gathered& gathered, const std::string& version, double all_requests) {
  VersionTraffic traffic;
  traffic.version = version;
  traffic.requests = find_in(gathered.now[requests], version);
  traffic.errors = find_in(gathered.now[errors], version);
  if (traffic.requests && !traffic.errors) traffic.errors = 0;  // no failure has ever been counted
  traffic.rps = find_in(gathered.now[rps], version);
  if (traffic.requests && all_requests > 0) traffic.share = 100 * *traffic.requests / all_requests;
  if (traffic.requests && *traffic.requests > 0) traffic.error_rate = *traffic.errors / *traffic.requests;
  traffic.ttft_p50 = find_in(gathered.now[p50], version);
  traffic.ttft_p95 = find_in(gathered.now[p95], version);
  const auto rates = find_in(gathered.over_time[rps_series], version).value_or(std::map<std::int64_t, double>{});
  const auto failures = find_in(gathered.over_time[error_series], version).value_or(std::map<std::int64_t, double>{});
  const auto slow = find_in(gathered.over_time[p95_series], version).value_or(std::map<std::int64_t, double>{});
  for (const auto& [time, rate] : rates) {
    TrafficPoint point{time, rate, std::nullopt, find_in(slow, time)};
    if (rate > 0) point.error_share = find_in(failures, time).value_or(0) / rate;
    traffic.series.push_back(point);
  }
  return traffic;
}

void finish(Gathered& gathered) {
  if (gathered.answered == 0 && gathered.failure) return gathered.done(fail(*gathered.failure));
  double all = 0;
  for (const auto& [version, count] : gathered.now[requests]) all += count;
  std::vector<VersionTraffic> traffic;
  for (const auto& [version, count] : gathered.now[requests]) traffic.push_back(traffic_of(gathered, version, all));
  gathered.done(std::move(traffic));
}

Value number(std::optional<double> value) { return value && std::isfinite(*value) ? Value(*value) : Value(); }
}  // namespace

TrafficView::TrafficView(PrometheusQuery& prometheus, TrafficOptions options)
    : prometheus_(prometheus), options_(options) {}

void TrafficView::refresh(const std::string& ns, Done done) {
  auto gathered = std::make_shared<Gathered>();
  gathered->done = std::move(done);
  Queries queries;
  queries.where = ns.empty() ? "destination_version!=\"\""
                             : "destination_service_namespace=\"" + ns + "\",destination_version!=\"\"";
  queries.window = promql_duration(options_.window);
  const auto take = [gathered](Result<Value>& answer, auto keep) {
    if (answer) {
      ++gathered->answered;
      keep(*answer);
    } else {
      gathered->failure = answer.error();
    }
    if (--gathered->waiting == 0) finish(*gathered);
  };
  for (std::size_t i = 0; i < instants; ++i) {
    prometheus_.query(queries.instant(i), [gathered, take, i](Result<Value> answer) {
      take(answer, [&](const Value& body) {
        const auto samples = samples_of(body);
        if (!samples) return;
        for (const auto& sample : *samples) {
          const auto version = find_in(sample.labels, std::string("destination_version"));
          if (version && std::isfinite(sample.value)) gathered->now[i][*version] = sample.value;
        }
      });
    });
  }
  for (std::size_t i = 0; i < ranges; ++i) {
    prometheus_.query_range(queries.range(i), options_.window, options_.step,
                            [gathered, take, i](Result<Value> answer) {
                              take(answer, [&](const Value& body) { gathered->over_time[i] = series_of(body); });
                            });
  }
}

Value to_value(const std::vector<VersionTraffic>& traffic) {
  Array array;
  for (const auto& each : traffic) {
    Array series;
    for (const auto& point : each.series) {
      series.emplace_back(
          Array{Value(point.time), number(point.rps), number(point.error_share), number(point.ttft_p95)});
    }
    Object entry{{"version", Value(each.version)},    {"share", number(each.share)},
                 {"requests", number(each.requests)}, {"errors", number(each.errors)},
                 {"rps", number(each.rps)},           {"errorRate", number(each.error_rate)}};
    entry.set("ttft", Value(Object{{"p50", number(each.ttft_p50)}, {"p95", number(each.ttft_p95)}}));
    entry.set("series", Value(std::move(series)));
    array.emplace_back(std::move(entry));
  }
  return Value(std::move(array));
}

}  // namespace slipway::slo
