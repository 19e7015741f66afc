#include "serving/simulator/metrics.hpp"

#include <array>
#include <charconv>

namespace slipway::serving::simulator {
namespace {

constexpr std::array kFirstTokenBounds{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25,  0.5,   0.75,
                                       1.0,   2.5,   5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0};
constexpr std::array kEndToEndBounds{0.3,  0.5,  0.8,  1.0,  1.5,   2.0,   2.5,   5.0,   10.0,   15.0,  20.0,
                                     30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0};

std::string number(double value) {
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, written.ptr};
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || c == '"') result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result;
}

std::string family(std::string_view name, std::string_view type, std::string_view help) {
  const auto prefix = "vllm:" + std::string(name);
  return "# HELP " + prefix + " " + std::string(help) + "\n# TYPE " + prefix + " " + std::string(type) + "\n";
}

}  // namespace

void Histogram::observe(Duration duration) {
  const auto seconds = std::chrono::duration<double>(duration).count();
  std::size_t i = 0;
  while (i < bounds_.size() && seconds > bounds_[i]) ++i;
  ++counts_[i];
  sum_ += seconds;
}

std::string Histogram::render(std::string_view name, std::string_view labels) const {
  std::string text;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i];
    const auto bound = i < bounds_.size() ? number(bounds_[i]) : "+Inf";
    text +=
        std::string(name) + "_bucket{" + std::string(labels) + ",le=\"" + bound + "\"} " + std::to_string(total) + "\n";
  }
  text += std::string(name) + "_sum{" + std::string(labels) + "} " + number(sum_) + "\n";
  text += std::string(name) + "_count{" + std::string(labels) + "} " + std::to_string(total) + "\n";
  return text;
}

Metrics::Metrics() : time_to_first_token(kFirstTokenBounds), end_to_end(kEndToEndBounds) {}

std::string Metrics::render(std::string_view model) const {
  const auto labels = "model_name=\"" + escaped(model) + "\"";
  auto line = [&](std::string_view name, std::uint64_t value, std::string_view more = "") {
    return "vllm:" + std::string(name) + "{" + labels + std::string(more) + "} " + std::to_string(value) + "\n";
  };
  std::string text;
  text += family("num_requests_running", "gauge", "Requests that hold a slot.");
  text += line("num_requests_running", static_cast<std::uint64_t>(running));
  text += family("num_requests_waiting", "gauge", "Requests that wait for a slot.");
  text += line("num_requests_waiting", static_cast<std::uint64_t>(waiting));
  text += family("prompt_tokens_total", "counter", "Prompt tokens read.") + line("prompt_tokens_total", prompt_tokens);
  text += family("prefix_cache_queries_total", "counter", "Prompt tokens looked up in the prefix cache.");
  text += line("prefix_cache_queries_total", prompt_tokens);
  text += family("prefix_cache_hits_total", "counter", "Prompt tokens found in the prefix cache.");
  text += line("prefix_cache_hits_total", cached_tokens);
  text += family("generation_tokens_total", "counter", "Tokens generated.") +
          line("generation_tokens_total", generation_tokens);
  text += family("request_success_total", "counter", "Requests finished.");
  text += line("request_success_total", stopped, ",finished_reason=\"stop\"");
  text += line("request_success_total", length_limited, ",finished_reason=\"length\"");
  text += family("time_to_first_token_seconds", "histogram", "From arrival to the first token.");
  text += time_to_first_token.render("vllm:time_to_first_token_seconds", labels);
  text += family("e2e_request_latency_seconds", "histogram", "From arrival to the last token.");
  text += end_to_end.render("vllm:e2e_request_latency_seconds", labels);
  return text;
}

}  // namespace slipway::serving::simulator
