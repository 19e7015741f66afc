#include "gateway/metrics/registry.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace slipway::gateway::metrics {
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

void line(std::string& out, const std::string& name, const std::string& labels, double value) {
  out += name;
  if (!labels.empty()) {
    out.push_back('{');
    out += labels;
    out.push_back('}');
  }
  out.push_back(' ');
  out += render_number(value);
  out.push_back('\n');
}

}  // namespace

std::string render_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == std::floor(value) && std::abs(value) < 1e15) return std::to_string(static_cast<std::int64_t>(value));
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

Family::Family(std::string name, std::string help, Type type, std::vector<double> bounds)
    : name_(std::move(name)), help_(std::move(help)), type_(type), bounds_(std::move(bounds)) {}

Family::Series& Family::series(const Labels& labels) {
  Series& found = series_[render_labels(labels)];
  if (found.labels.empty()) found.labels = labels;
  if (type_ == Type::histogram && found.buckets.empty()) found.buckets.resize(bounds_.size() + 1);
  return found;
}

void Family::add(const Labels& labels, double amount) { series(labels).value += amount; }
void Family::set(const Labels& labels, double value) { series(labels).value = value; }
void Family::observe(const Labels& labels, double value) {
  Series& s = series(labels);
  s.value += value;
  ++s.count;
  ++s.buckets[static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin())];
}

double Family::total(const std::map<std::string, std::string>& some) const {
  double sum = 0;
  for (const auto& [text, s] : series_) {
    const bool all = std::all_of(some.begin(), some.end(), [&](const auto& wanted) {
      return std::any_of(s.labels.begin(), s.labels.end(),
                         [&](const auto& l) { return l.first == wanted.first && l.second == wanted.second; });
    });
    if (all) sum += type_ == Type::histogram ? static_cast<double>(s.count) : s.value;
  }
  return sum;
}

void Family::render(std::string& out) const {
  static constexpr const char* types[] = {"counter", "gauge", "histogram"};
  out += "# HELP " + name_ + " " + help_ + "\n# TYPE " + name_ + " " + types[static_cast<int>(type_)] + "\n";
  for (const auto& [labels, s] : series_) {
    if (type_ != Type::histogram) {
      line(out, name_, labels, s.value);
      continue;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < s.buckets.size(); ++i) {
      below += s.buckets[i];
      const std::string bound = i < bounds_.size() ? render_number(bounds_[i]) : "+Inf";
      line(out, name_ + "_bucket", (labels.empty() ? "" : labels + ",") + "le=\"" + bound + "\"",
           static_cast<double>(below));
    }
    line(out, name_ + "_sum", labels, s.value);
    line(out, name_ + "_count", labels, static_cast<double>(s.count));
  }
}

void Family::collect(std::vector<Sample>& out) const {
  for (const auto& [text, s] : series_) {
    const std::map<std::string, std::string> labels(s.labels.begin(), s.labels.end());
    if (type_ != Type::histogram) {
      out.push_back({name_, labels, s.value});
      continue;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < s.buckets.size(); ++i) {
      below += s.buckets[i];
      auto with_bound = labels;
      with_bound["le"] = i < bounds_.size() ? render_number(bounds_[i]) : "+Inf";
      out.push_back({name_ + "_bucket", std::move(with_bound), static_cast<double>(below)});
    }
    out.push_back({name_ + "_sum", labels, s.value});
    out.push_back({name_ + "_count", labels, static_cast<double>(s.count)});
  }
}

}  // namespace slipway::gateway::metrics
