#pragma once
// The numbers of a simulated model server, under the names vLLM gives them. Of the engine's thread.

#include <deque>
#include <string>

#include "core/metrics.hpp"

namespace slipway::serving::simulator {

class Metrics {
  using Family = core::metrics::Family;
  using Series = Family::Series;

 public:
  explicit Metrics(std::string model);
  std::string render() const;  // Prometheus' text format

 private:
  // `more`: labels beside the model's.
  Series& add(const std::string& name, const char* help, Family::Type type, const core::metrics::Labels& more = {},
              std::vector<double> bounds = {});

  std::string model_;
  std::deque<Family> families_;

 public:
  Series &running, &waiting;
  Series &prompt_tokens, &cache_queries, &cached_tokens, &generation_tokens;
  Series &stopped, &length_limited;          // stopped: by themselves
  Series &time_to_first_token, &end_to_end;  // seconds
};

}  // namespace slipway::serving::simulator
