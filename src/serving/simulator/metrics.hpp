#pragma once
// The numbers of a simulated model server, under the names vLLM gives them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace slipway::serving::simulator {

class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void observe(Duration duration);
  // Prometheus text: _bucket lines, _sum, _count.
  std::string render(std::string_view name, std::string_view labels) const;

 private:
  std::span<const double> bounds_;  // seconds, rising; static storage
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

struct Metrics {
  Metrics();
  int running = 0;
  int waiting = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;
  std::uint64_t generation_tokens = 0;
  std::uint64_t stopped = 0;  // finished by themselves
  std::uint64_t length_limited = 0;
  Histogram time_to_first_token;
  Histogram end_to_end;
  std::string render(std::string_view model) const;
};

}  // namespace slipway::serving::simulator
