#include "serving/simulator/metrics.hpp"

namespace slipway::serving::simulator {
namespace {

using Type = core::metrics::Family::Type;

std::vector<double> first_token_bounds() {
  return {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25,  0.5,   0.75,
          1.0,   2.5,   5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0};
}
std::vector<double> end_to_end_bounds() {
  return {0.3,  0.5,  0.8,  1.0,  1.5,   2.0,   2.5,   5.0,   10.0,   15.0,  20.0,
          30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0};
}

}  // namespace

Metrics::Metrics(std::string model)
    : model_(std::move(model)),
      running(add("num_requests_running", "Requests that hold a slot.", Type::gauge)),
      waiting(add("num_requests_waiting", "Requests that wait for a slot.", Type::gauge)),
      prompt_tokens(add("prompt_tokens_total", "Prompt tokens read.", Type::counter)),
      cache_queries(add("prefix_cache_queries_total", "Prompt tokens looked up in the prefix cache.", Type::counter)),
      cached_tokens(add("prefix_cache_hits_total", "Prompt tokens found in the prefix cache.", Type::counter)),
      generation_tokens(add("generation_tokens_total", "Tokens generated.", Type::counter)),
      stopped(add("request_success_total", "Requests finished.", Type::counter, {{"finished_reason", "stop"}})),
      length_limited(families_.back().with({{"model_name", model_}, {"finished_reason", "length"}})),
      time_to_first_token(add("time_to_first_token_seconds", "From arrival to the first token.", Type::histogram, {},
                              first_token_bounds())),
      end_to_end(add("e2e_request_latency_seconds", "From arrival to the last token.", Type::histogram, {},
                     end_to_end_bounds())) {}

Metrics::Series& Metrics::add(const std::string& name, const char* help, Type type, const core::metrics::Labels& more,
                              std::vector<double> bounds) {
  core::metrics::Labels labels{{"model_name", model_}};
  labels.insert(labels.end(), more.begin(), more.end());
  return families_.emplace_back("vllm:" + name, help, type, std::move(bounds)).with(labels);
}

std::string Metrics::render() const {
  std::string text;
  for (const auto& family : families_) family.render(text);
  return text;
}

}  // namespace slipway::serving::simulator
