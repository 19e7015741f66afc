#pragma once
// Registry: counters, gauges and histograms with labels, in Prometheus's text format. Owned by one thread, which also
// renders it: no locks. Not a client library for everybody; the gateway's own families are in gateway_metrics.hpp.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::gateway::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;  // in the order of the family's names

// One line of the exposition: for tests and simulated scrapes.
struct Sample {
  std::string name;  // with _bucket, _sum, _count
  std::map<std::string, std::string> labels;
  double value = 0;
};

class Family {
 public:
  enum class Type { counter, gauge, histogram };
  Family(std::string name, std::string help, Type type, std::vector<double> bounds = {});

  void add(const Labels& labels, double amount = 1);  // counters and gauges
  void set(const Labels& labels, double value);       // gauges
  void observe(const Labels& labels, double value);   // histograms
  // Sum over the series whose labels include `some`; the count of observations for histograms.
  double total(const std::map<std::string, std::string>& some = {}) const;

  void render(std::string& out) const;
  void collect(std::vector<Sample>& out) const;

 private:
  struct Series {
    Labels labels;
    double value = 0;  // histograms: the sum
    std::uint64_t count = 0;
    std::vector<std::uint64_t> buckets;  // not cumulative
  };
  Series& series(const Labels& labels);

  std::string name_, help_;
  Type type_;
  std::vector<double> bounds_;
  std::map<std::string, Series> series_;  // by rendered labels
};

std::string render_number(double value);

}  // namespace slipway::gateway::metrics
