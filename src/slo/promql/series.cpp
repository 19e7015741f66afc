#include "slo/promql/series.hpp"

#include <cstdlib>

#include "core/text.hpp"

namespace slipway::slo::promql {
namespace {

bool is_name(char c) { return core::is_alphanumeric(c) || c == '_' || c == ':'; }
void skip_space(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}
std::string take_name(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_name(text[length])) ++length;
  std::string name(text.substr(0, length));
  text.remove_prefix(length);
  return name;
}

bool take_value(std::string_view& text, std::string& value) {
  if (text.empty() || text.front() != '"') return false;
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) {
      text.remove_prefix(1);
      value += text.front() == 'n' ? '\n' : text.front();
    } else {
      value += text.front();
    }
    text.remove_prefix(1);
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

bool take_labels(std::string_view& text, Labels& labels) {
  if (text.empty() || text.front() != '{') return true;
  text.remove_prefix(1);
  for (;;) {
    skip_space(text);
    if (text.empty()) return false;
    if (text.front() == '}') break;
    const std::string name = take_name(text);
    skip_space(text);
    if (name.empty() || text.empty() || text.front() != '=') return false;
    text.remove_prefix(1);
    skip_space(text);
    std::string value;
    if (!take_value(text, value)) return false;
    labels[name] = std::move(value);
    skip_space(text);
    if (!text.empty() && text.front() == ',') text.remove_prefix(1);
  }
  text.remove_prefix(1);
  return true;
}

bool parse_sample(std::string_view line, Labels& labels, double& value) {
  const std::string name = take_name(line);
  if (name.empty()) return false;
  labels["__name__"] = name;
  if (!take_labels(line, labels)) return false;
  skip_space(line);
  const std::string number(line.substr(0, line.find(' ')));
  char* end = nullptr;
  value = std::strtod(number.c_str(), &end);
  return !number.empty() && *end == '\0';
}
}  // namespace

void SeriesStore::append(const Labels& labels, core::Time time, double value) {
  const auto [entry, is_new] = index_.try_emplace(labels, series_.size());
  if (is_new) series_.push_back({labels, {}});
  auto& points = series_[entry->second].points;
  if (!points.empty() && points.back().time >= time) return;
  points.push_back({time, value});
  std::size_t old = 0;
  while (old < points.size() && points[old].time + retention_ < time) ++old;
  if (old > 64) points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(old));
}

Result<> SeriesStore::scrape(std::string_view text, core::Time time, const Labels& target) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    skip_space(line);
    if (line.empty() || line.front() == '#') continue;
    Labels labels;
    double value = 0;
    if (!parse_sample(line, labels, value)) {
      return fail(Code::invalid_argument,
                  "line " + std::to_string(number) + " of the scrape is no sample: " + std::string(line.substr(0, 80)));
    }
    labels.insert(target.begin(), target.end());
    append(labels, time, value);
  }
  return {};
}

}  // namespace slipway::slo::promql
