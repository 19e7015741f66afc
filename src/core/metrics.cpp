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

void Family::render(std::string& out) const {
  static constexpr const char* types[] = {"counter", "gauge", "histogram"};
  out += "# HELP " + name_ + " " + help_ + "\n# TYPE " + name_ + " " + types[static_cast<int>(type_)] + "\n";
  for (const auto& [labels, s] : series_) {
    if (type_ != Type::histogram) {
      line(out, name_, labels, s.value_);
      continue;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < s.buckets_.size(); ++i) {
      below += s.buckets_[i];
      const std::string bound = i < bounds_.size() ? text_of(bounds_[i]) : "+Inf";
      line(out, name_ + "_bucket", (labels.empty() ? "" : labels + ",") + "le=\"" + bound + "\"",
           static_cast<double>(below));
    }
    line(out, name_ + "_sum", labels, s.value_);
    line(out, name_ + "_count", labels, static_cast<double>(s.count_));
  }
}

void Family::collect(std::vector<Sample>& out) const {
  for (const auto& [text, s] : series_) {
    const std::map<std::string, std::string> labels(s.labels_.begin(), s.labels_.end());
    if (type_ != Type::histogram) {
      out.push_back({name_, labels, s.value_});
      continue;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < s.buckets_.size(); ++i) {
      below += s.buckets_[i];
      auto with_bound = labels;
      with_bound["le"] = i < bounds_.size() ? text_of(bounds_[i]) : "+Inf";
      out.push_back({name_ + "_bucket", std::move(with_bound), static_cast<double>(below)});
    }
    out.push_back({name_ + "_sum", labels, s.value_});
    out.push_back({name_ + "_count", labels, static_cast<double>(s.count_)});
  }
}

}  // namespace slipway::core::metrics
