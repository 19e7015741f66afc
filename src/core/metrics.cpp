#include "core/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace slipway::core::metrics {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n')
      out += "\\n";
    else
      out.push_back(c);
  }
  return out;
}

std::string render_labels(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out.push_back(',');
    out += name;
    out += "=\"";
    out += escape(value);
    out += '"';
  }
  return out;
}

std::string text_of(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == std::floor(value) && std::abs(value) < 1e15) return std::to_string(static_cast<std::int64_t>(value));
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

void line(std::string& out, const std::string& name, const std::string& labels, double value) {
  out += name;
  if (!labels.empty()) {
    out.push_back('{');
    out += labels;
    out.push_back('}');
  }
  out.push_back(' ');
  out += text_of(value);
  out.push_back('\n');
}

}  // namespace

Family::Family(std::string name, std::string help, Type type, std::vector<double> bounds)
    : name_(std::move(name)), help_(std::move(help)), type_(type), bounds_(std::move(bounds)) {}

void Family::Series::observe(double value) {
  value_ += value;
  ++count_;
  ++buckets_[static_cast<std::size_t>(std::ranges::lower_bound(*bounds_, value) - bounds_->begin())];
}

Family::Series& Family::with(const Labels& labels) {
  const auto [found, is_new] = series_.try_emplace(render_labels(labels));
  Series& series = found->second;
  if (is_new) {
    series.labels_ = labels;
    series.bounds_ = &bounds_;
    if (type_ == Type::histogram) series.buckets_.resize(bounds_.size() + 1);
  }
  return series;
}

double Family::total(const std::map<std::string, std::string>& some) const {
  double sum = 0;
  for (const auto& [text, s] : series_) {
    const bool all = std::all_of(some.begin(), some.end(), [&](const auto& wanted) {
      return std::any_of(s.labels_.begin(), s.labels_.end(),
                         [&](const auto& l) { return l.first == wanted.first && l.second == wanted.second; });
    });
    if (all) sum += type_ == Type::histogram ? static_cast<double>(s.count_) : s.value_;
  }
  return sum;
}

template <class Say>
void Family::each_line(const Series& series, Say say) const {
  if (type_ != Type::histogram) return say("", "", series.value_);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < series.buckets_.size(); ++i) {
    below += series.buckets_[i];
    say("_bucket", i < bounds_.size() ? text_of(bounds_[i]) : "+Inf", static_cast<double>(below));
  }
  say("_sum", "", series.value_);
  say("_count", "", static_cast<double>(series.count_));
}

void Family::render(std::string& out) const {
  static constexpr const char* types[] = {"counter", "gauge", "histogram"};
  out += "# HELP " + name_ + " " + help_ + "\n# TYPE " + name_ + " " + types[static_cast<int>(type_)] + "\n";
  for (const auto& entry : series_) {
    each_line(entry.second, [&](const char* ending, const std::string& bound, double value) {
      std::string all = entry.first;
      if (!bound.empty()) all += (all.empty() ? "le=\"" : ",le=\"") + bound + '"';
      line(out, name_ + ending, all, value);
    });
  }
}

void Family::collect(std::vector<Sample>& out) const {
  for (const auto& entry : series_) {
    const Labels& own = entry.second.labels_;
    each_line(entry.second, [&](const char* ending, const std::string& bound, double value) {
      std::map<std::string, std::string> labels(own.begin(), own.end());
      if (!bound.empty()) labels["le"] = bound;
      out.push_back({name_ + ending, std::move(labels), value});
    });
  }
}

}  // namespace slipway::core::metrics
