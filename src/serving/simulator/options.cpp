#include "serving/simulator/options.hpp"

#include <variant>

#include "core/number.hpp"

namespace slipway::serving::simulator {
namespace {

struct Flag {
  std::string_view name;
  std::variant<std::string*, int*, double*, Duration*> target;
  std::string_view help;
};

std::vector<Flag> flags_of(Options& o) {
  return {
      {"--model", &o.model, "the name that clients see"},
      {"--host", &o.host, "address to listen on"},
      {"--port", &o.port, "port to listen on, 0 for a free one"},
      {"--context", &o.context, "tokens of one request, prompt and answer"},
      {"--parallel", &o.parallel, "requests at once; more wait"},
      {"--max-waiting", &o.max_waiting, "requests that may wait; more are refused with 429"},
      {"--startup", &o.startup, "loading takes this long, as in 5s"},
      {"--linger", &o.linger, "after SIGTERM, requests are taken for this long, as in 500ms"},
      {"--prefill-overhead", &o.latency.prefill_overhead, "time before any prompt token, as in 20ms"},
      {"--prefill-per-token", &o.latency.prefill_per_token, "time of a prompt token that is not cached, as in 350us"},
      {"--inter-token", &o.latency.inter_token, "time between two output tokens, as in 15ms"},
      {"--load-factor", &o.latency.load_factor, "how many times slower a full server is than an idle one"},
      {"--slow", &o.latency.slow, "multiplies every time"},
      {"--error-rate", &o.failures.error_rate, "share of completions that answer 500"},
      {"--hang-rate", &o.failures.hang_rate, "share of completions that never answer"},
      {"--wrong-rate", &o.failures.wrong_rate, "share of prompts that get a useless answer"},
      {"--crash-after", &o.failures.crash_after, "the process dies at this many completions"},
      {"--exit-at-start", &o.failures.exit_at_start, "the process ends at once with this code"},
  };
}

template <class Number>
bool assign_number(std::string_view text, Number& out) {
  const auto value = core::parse_number<Number>(text);
  if (!value || *value < 0) return false;
  out = *value;
  return true;
}

bool assign(const Flag& flag, const std::string& text) {
  if (auto* const* target = std::get_if<std::string*>(&flag.target)) {
    **target = text;
    return true;
  }
  if (auto* const* target = std::get_if<int*>(&flag.target)) return assign_number(text, **target);
  if (auto* const* target = std::get_if<double*>(&flag.target)) return assign_number(text, **target);
  const auto duration = core::parse_go_duration(text);
  if (!duration || *duration < Duration{}) return false;
  *std::get<Duration*>(flag.target) = *duration;
  return true;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  const auto flags = flags_of(options);
  std::vector<std::string> names;
  for (const auto& flag : flags) names.emplace_back(flag.name);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto name = arguments[i];
    std::string value;
    if (const auto equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    const Flag* known = nullptr;
    for (const auto& flag : flags) {
      if (flag.name == name) known = &flag;
    }
    if (known == nullptr) {
      const auto near = core::nearest(name, names);
      return fail(Code::invalid_argument, "unknown flag \"" + name + "\"",
                  near.empty() ? "" : "did you mean " + near + "?");
    }
    if (!assign(*known, value)) {
      return fail(Code::invalid_argument, name + " does not take \"" + value + "\"", std::string(known->help));
    }
  }
  if (options.parallel < 1) return fail(Code::invalid_argument, "--parallel must be at least 1");
  if (options.port > 65535) return fail(Code::invalid_argument, "--port must be at most 65535");
  return options;
}

std::string options_help() {
  Options options;
  std::string text;
  for (const auto& flag : flags_of(options)) {
    text += "  " + std::string(flag.name) + std::string(22 - flag.name.size(), ' ') + std::string(flag.help) + "\n";
  }
  return text;
}

}  // namespace slipway::serving::simulator
