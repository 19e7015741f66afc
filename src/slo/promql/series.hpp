#pragma once
// Series in memory: the store of the simulated world's Prometheus. Fed by scrapes (text exposition format), read by
// evaluate(). Not a database: everything older than the retention is forgotten. Single-threaded.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace slipway::slo::promql {

using Labels = std::map<std::string, std::string>;  // with __name__
struct Point {
  core::Time time{};
  double value = 0;
};
struct Series {
  Labels labels;
  std::vector<Point> points;  // ascending in time
};

class SeriesStore {
 public:
  explicit SeriesStore(core::Duration retention = std::chrono::hours(2)) : retention_(retention) {}
  // Points of one series must not go back in time; such a point is dropped.
  void append(const Labels& labels, core::Time time, double value);
  // One scrape: # comments, name{label="value",...} number. `target` labels (job, instance) are added where the sample
  // has none of that name. invalid_argument with the line; the lines before it are kept.
  Result<> scrape(std::string_view text, core::Time time, const Labels& target = {});
  const std::vector<Series>& all() const { return series_; }

 private:
  core::Duration retention_;
  std::vector<Series> series_;
  std::map<Labels, std::size_t> index_;
};

}  // namespace slipway::slo::promql
