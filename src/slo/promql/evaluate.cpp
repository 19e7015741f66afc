#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include "slo/promql/ast.hpp"
#include "slo/promql/functions.hpp"
#include "slo/promql/promql.hpp"

namespace slipway::slo::promql {
namespace {

using Samples = std::vector<Sample>;
constexpr core::Duration lookback = std::chrono::minutes(5);
constexpr std::string_view range_functions[]{"rate",          "increase",        "delta",         "irate",
                                             "resets",        "sum_over_time",   "avg_over_time", "min_over_time",
                                             "max_over_time", "count_over_time", "last_over_time"};

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

bool matches(const Matcher& matcher, const Labels& labels) {
  const auto found = labels.find(matcher.label);
  const std::string value = found == labels.end() ? "" : found->second;
  switch (matcher.op) {
    case Matcher::Op::equal:
      return value == matcher.value;
    case Matcher::Op::not_equal:
      return value != matcher.value;
    case Matcher::Op::matches:
      return matcher.regex->matches(value);
    case Matcher::Op::not_matches:
      return !matcher.regex->matches(value);
  }
  return false;
}
bool matches_all(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& matcher) { return matches(matcher, labels); });
}

Labels without_name(Labels labels) {
  labels.erase("__name__");
  return labels;
}

// The labels by which samples are grouped or matched.
Labels key_of(const Node& node, const Labels& labels) {
  Labels key;
  const auto named = [&](const std::string& label) {
    return std::find(node.labels.begin(), node.labels.end(), label) != node.labels.end();
  };
  for (const auto& [label, value] : labels) {
    if (label == "__name__" && (node.excludes_labels || !named(label))) continue;
    if (node.excludes_labels ? !named(label) : named(label)) key[label] = value;
  }
  return key;
}

bool is_comparison(const std::string& op) {
  return op == "==" || op == "!=" || op == "<" || op == ">" || op == "<=" || op == ">=";
}
bool is_set_operator(const std::string& op) { return op == "and" || op == "or" || op == "unless"; }

bool compare(const std::string& op, double a, double b) {
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  return a >= b;
}
double compute(const std::string& op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return a / b;
  if (op == "%") return std::fmod(a, b);
  return std::pow(a, b);
}

class Evaluator {
 public:
  Evaluator(const SeriesStore& store, core::Time at) : store_(store), at_(at) {}

  Result<Outcome> evaluate(const Node& node) {
    switch (node.kind) {
      case Node::Kind::number:
        return scalar(node.number);
      case Node::Kind::selector:
        return select(node);
      case Node::Kind::call:
        return call(node);
      case Node::Kind::aggregate:
        return aggregate(node);
      case Node::Kind::binary:
        return binary(node);
      case Node::Kind::negate: {
        TRY_ASSIGN(Outcome outcome, evaluate(node.parts[0]));
        for (auto& sample : outcome.samples) sample = {without_name(std::move(sample.labels)), -sample.value};
        return outcome;
      }
    }
    return wrong("unknown expression");
  }

 private:
  static Outcome scalar(double value) { return {true, {{{}, value}}}; }

  Result<Outcome> select(const Node& node) {
    if (node.range) return wrong("a range is only allowed as the argument of a function such as rate");
    const core::Time end = at_ - node.offset;
    Outcome outcome;
    for (const auto& series : store_.all()) {
      if (!matches_all(node.matchers, series.labels)) continue;
      const auto after = std::upper_bound(series.points.begin(), series.points.end(), end,
                                          [](core::Time time, const Point& point) { return time < point.time; });
      if (after == series.points.begin()) continue;
      const Point& latest = *std::prev(after);
      if (latest.time + lookback > end) outcome.samples.push_back({series.labels, latest.value});
    }
    return outcome;
  }

  Result<Outcome> over_range_of(const Node& node) {
    const Node& selector = node.parts[0];
    if (selector.kind != Node::Kind::selector || !selector.range) return wrong(node.name + " needs a range: x[5m]");
    const core::Time end = at_ - selector.offset;
    const core::Time start = end - *selector.range;
    Outcome outcome;
    for (const auto& series : store_.all()) {
      if (!matches_all(selector.matchers, series.labels)) continue;
      std::vector<Point> points;
      for (const auto& point : series.points) {
        if (point.time >= start && point.time <= end) points.push_back(point);
      }
      const auto value = over_range(node.name, points, start, end);
      if (value)
        outcome.samples.push_back(
            {node.name == "last_over_time" ? series.labels : without_name(series.labels), *value});
    }
    return outcome;
  }

  Result<double> number_argument(const Node& node, std::size_t index) {
    TRY_ASSIGN(const Outcome outcome, evaluate(node.parts[index]));
    if (!outcome.is_scalar) return wrong(node.name + " needs a number as argument " + std::to_string(index + 1));
    return outcome.samples.front().value;
  }
  Result<Outcome> vector_argument(const Node& node, std::size_t index) {
    TRY_ASSIGN(Outcome outcome, evaluate(node.parts[index]));
    if (outcome.is_scalar) return wrong(node.name + " needs a vector as argument " + std::to_string(index + 1));
    return outcome;
  }

  Result<Outcome> call(const Node& node) {
    if (node.name == "time") return scalar(std::chrono::duration<double>(at_.time_since_epoch()).count());
    if (std::find(std::begin(range_functions), std::end(range_functions), node.name) != std::end(range_functions))
      return over_range_of(node);
    if (node.name == "vector") {
      TRY_ASSIGN(const double value, number_argument(node, 0));
      return Outcome{false, {{{}, value}}};
    }
    if (node.name == "histogram_quantile") return quantile(node);
    TRY_ASSIGN(Outcome outcome, vector_argument(node, 0));
    if (node.name == "scalar")
      return scalar(outcome.samples.size() == 1 ? outcome.samples[0].value : std::numeric_limits<double>::quiet_NaN());
    if (node.name == "absent") {
      if (!outcome.samples.empty()) return Outcome{};
      Labels labels;
      for (const auto& matcher : node.parts[0].matchers) {
        if (matcher.op == Matcher::Op::equal && matcher.label != "__name__") labels[matcher.label] = matcher.value;
      }
      return Outcome{false, {{labels, 1}}};
    }
    double limit = 0;
    const bool clamps_up = node.name == "clamp_min", clamps_down = node.name == "clamp_max";
    if (clamps_up || clamps_down) {
      TRY_ASSIGN(limit, number_argument(node, 1));
    }
    for (auto& sample : outcome.samples) {
      sample.labels = without_name(std::move(sample.labels));
      sample.value = clamps_up     ? std::fmax(sample.value, limit)
                     : clamps_down ? std::fmin(sample.value, limit)
                                   : of_number(node.name, sample.value);
    }
    return outcome;
  }

  Result<Outcome> quantile(const Node& node) {
    TRY_ASSIGN(const double q, number_argument(node, 0));
    TRY_ASSIGN(const Outcome buckets, vector_argument(node, 1));
    std::map<Labels, std::vector<std::pair<double, double>>> groups;
    for (const auto& sample : buckets.samples) {
      const auto bound = sample.labels.find("le");
      if (bound == sample.labels.end()) continue;
      Labels key = without_name(sample.labels);
      key.erase("le");
      groups[key].emplace_back(std::strtod(bound->second.c_str(), nullptr), sample.value);
    }
    Outcome outcome;
    for (auto& [labels, group] : groups) outcome.samples.push_back({labels, histogram_quantile(q, std::move(group))});
    return outcome;
  }

  Result<Outcome> aggregate(const Node& node) {
    TRY_ASSIGN(const Outcome input, vector_argument(node, 0));
    std::map<Labels, std::vector<double>> groups;
    for (const auto& sample : input.samples)
      groups[node.has_grouping ? key_of(node, sample.labels) : Labels{}].push_back(sample.value);
    Outcome outcome;
    for (const auto& [labels, values] : groups) {
      double sum = 0, least = values.front(), most = least;
      for (const double value : values) {
        sum += value;
        least = std::fmin(least, value);
        most = std::fmax(most, value);
      }
      const double count = static_cast<double>(values.size());
      const double value = node.name == "sum"   ? sum
                           : node.name == "avg" ? sum / count
                           : node.name == "min" ? least
                           : node.name == "max" ? most
                                                : count;
      outcome.samples.push_back({labels, value});
    }
    return outcome;
  }

  // --- operators between two values -----------------------------------------------------------------------------

  Result<Outcome> binary(const Node& node) {
    TRY_ASSIGN(Outcome left, evaluate(node.parts[0]));
    TRY_ASSIGN(Outcome right, evaluate(node.parts[1]));
    if (is_set_operator(node.name)) {
      if (left.is_scalar || right.is_scalar) return wrong(node.name + " needs vectors on both sides");
      return combine_sets(node, std::move(left.samples), right.samples);
    }
    if (left.is_scalar && right.is_scalar) {
      const double a = left.samples[0].value, b = right.samples[0].value;
      if (!is_comparison(node.name)) return scalar(compute(node.name, a, b));
      if (!node.returns_bool) return wrong("a comparison of two numbers needs bool");
      return scalar(compare(node.name, a, b) ? 1 : 0);
    }
    if (left.is_scalar || right.is_scalar) return with_scalar(node, left, right);
    return with_vector(node, left.samples, right.samples);
  }

  // The sample that a comparison keeps or an operation makes; `kept` carries labels and value for comparisons.
  static std::optional<Sample> result_of(const Node& node, const Sample& kept, Labels labels, double a, double b) {
    if (!is_comparison(node.name)) return Sample{without_name(std::move(labels)), compute(node.name, a, b)};
    const bool holds = compare(node.name, a, b);
    if (node.returns_bool) return Sample{without_name(std::move(labels)), holds ? 1.0 : 0.0};
    if (!holds) return std::nullopt;
    return Sample{std::move(labels), kept.value};
  }

  static Outcome with_scalar(const Node& node, const Outcome& left, const Outcome& right) {
    const Samples& samples = left.is_scalar ? right.samples : left.samples;
    Outcome outcome;
    for (const auto& sample : samples) {
      const double a = left.is_scalar ? left.samples[0].value : sample.value;
      const double b = right.is_scalar ? right.samples[0].value : sample.value;
      if (auto result = result_of(node, sample, sample.labels, a, b)) outcome.samples.push_back(std::move(*result));
    }
    return outcome;
  }

  static Labels match_key(const Node& node, const Labels& labels) {
    return node.has_grouping ? key_of(node, labels) : without_name(labels);
  }

  static Result<Outcome> with_vector(const Node& node, const Samples& left, const Samples& right) {
    const Samples& many = node.group_right ? right : left;
    const Samples& one = node.group_right ? left : right;
    std::map<Labels, const Sample*> by_key;
    for (const auto& sample : one) {
      if (!by_key.try_emplace(match_key(node, sample.labels), &sample).second)
        return wrong("several series on one side match the same labels");
    }
    std::set<Labels> seen;
    Outcome outcome;
    for (const auto& sample : many) {
      const Labels key = match_key(node, sample.labels);
      const auto other = by_key.find(key);
      if (other == by_key.end()) continue;
      const bool is_grouped = node.group_left || node.group_right;
      if (!is_grouped && !seen.insert(key).second)
        return wrong("several series on one side match the same labels; use group_left");
      const double a = node.group_right ? other->second->value : sample.value;
      const double b = node.group_right ? sample.value : other->second->value;
      const bool keeps_all = is_grouped || (is_comparison(node.name) && !node.returns_bool &&
                                            !(node.has_grouping && !node.excludes_labels));
      if (auto result = result_of(node, sample, keeps_all ? sample.labels : key, a, b))
        outcome.samples.push_back(std::move(*result));
    }
    return outcome;
  }

  static Result<Outcome> combine_sets(const Node& node, Samples left, const Samples& right) {
    std::set<Labels> keys;
    for (const auto& sample : node.name == "or" ? left : right) keys.insert(match_key(node, sample.labels));
    Outcome outcome;
    if (node.name == "or") {
      outcome.samples = std::move(left);
      for (const auto& sample : right) {
        if (!keys.contains(match_key(node, sample.labels))) outcome.samples.push_back(sample);
      }
      return outcome;
    }
    for (auto& sample : left) {
      if (keys.contains(match_key(node, sample.labels)) == (node.name == "and"))
        outcome.samples.push_back(std::move(sample));
    }
    return outcome;
  }

  const SeriesStore& store_;
  core::Time at_;
};
}  // namespace

Result<Outcome> evaluate(const Expression& expression, const SeriesStore& store, core::Time at) {
  TRY_ASSIGN(Outcome outcome, Evaluator(store, at).evaluate(expression.root()));
  std::sort(outcome.samples.begin(), outcome.samples.end(),
            [](const Sample& a, const Sample& b) { return a.labels < b.labels; });
  return outcome;
}

}  // namespace slipway::slo::promql
