#pragma once
// Counters, gauges and histograms with labels, in Prometheus's text format. A family is owned by one thread, which also
// renders it: no locks. Which families there are is each room's own business (gateway/metrics, objects/api/metrics).
// https://prometheus.io/docs/instrumenting/exposition_formats/

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core::metrics {

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
  Family(const Family&) = delete;

  // The numbers under one set of labels.
  class Series {
   public:
    void add(double amount = 1) { value_ += amount; }  // counters and gauges
    void set(double value) { value_ = value; }         // gauges
    void observe(double value);                        // histograms

   private:
    friend class Family;
    Labels labels_;
    double value_ = 0;  // histograms: the sum
    std::uint64_t count_ = 0;
    const std::vector<double>* bounds_ = nullptr;
    std::vector<std::uint64_t> buckets_;  // not cumulative
  };
  // Made when it is not there yet. Stays where it is until clear(): who counts often keeps it.
  Series& with(const Labels& labels);
  void add(const Labels& labels, double amount = 1) { with(labels).add(amount); }
  void set(const Labels& labels, double value) { with(labels).set(value); }
  void observe(const Labels& labels, double value) { with(labels).observe(value); }
  void clear() { series_.clear(); }
  // Sum over the series whose labels include `some`; the count of observations for histograms.
  double total(const std::map<std::string, std::string>& some = {}) const;

  void render(std::string& out) const;
  void collect(std::vector<Sample>& out) const;

 private:
  // say(ending of the name, a bucket's bound or "", value) for each line of a series.
  template <class Say>
  void each_line(const Series& series, Say say) const;

  std::string name_, help_;
  Type type_;
  std::vector<double> bounds_;
  std::map<std::string, Series> series_;  // by rendered labels
};

}  // namespace slipway::core::metrics
