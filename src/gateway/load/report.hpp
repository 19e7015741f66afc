#pragma once
// Inside load/: gathers finished requests into a LoadReport.

#include "gateway/load/load.hpp"

namespace slipway::gateway::load {

class Tally {
 public:
  void sent() { ++report_.sent; }
  void abandoned() { ++report_.abandoned; }
  void add(const Finished& finished);
  void gap(core::Duration between_tokens) { keep(gaps_, between_tokens); }
  LoadReport report(double seconds) const;

 private:
  using Samples = std::vector<float>;  // seconds; the newest million
  static void keep(Samples& samples, core::Duration value);
  static Quantiles quantiles(Samples samples);

  LoadReport report_;
  Samples first_, gaps_, total_;
  std::map<std::string, Samples> first_by_subset_;
};

}  // namespace slipway::gateway::load
