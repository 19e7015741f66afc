#include "slo/budget.hpp"

#include <algorithm>
#include <cmath>

namespace slipway::slo {
namespace {
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

core::Duration whole_seconds(double value) { return seconds(static_cast<std::int64_t>(std::llround(value))); }
double in_seconds(core::Duration duration) { return std::chrono::duration<double>(duration).count(); }
}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::no_data:
      return "no-data";
    case State::ok:
      return "ok";
    case State::burning:
      return "burning";
    case State::exhausted:
      return "exhausted";
  }
  return "no-data";
}

Budget budget(std::optional<double> good, std::optional<double> total, double target) {
  Budget result;
  if (!good || !total || !std::isfinite(*good) || !std::isfinite(*total) || *total <= 0) return result;
  result.sli = std::clamp(*good / *total, 0.0, 1.0);
  result.consumed = (1 - *result.sli) / (1 - target);
  result.remaining = 1 - *result.consumed;
  result.state = *result.consumed >= 1 - 1e-9 ? State::exhausted : State::ok;
  return result;
}

std::optional<double> burn_rate(std::optional<double> error_ratio, double target) {
  if (!error_ratio || !std::isfinite(*error_ratio)) return std::nullopt;
  return *error_ratio / (1 - target);
}

std::array<BurnAlert, 4> burn_alerts(core::Duration window) {
  struct Row {
    double share;
    core::Duration long_window, short_window;
    bool is_page;
  };
  constexpr double month = 30 * 86400;
  const std::array<Row, 4> rows{{{0.02, hours(1), minutes(5), true},
                                 {0.05, hours(6), minutes(30), true},
                                 {0.10, hours(24), hours(2), false},
                                 {0.10, hours(72), hours(6), false}}};
  const double length = in_seconds(window);
  // Four weeks keep the month's windows, as Sloth does.
  const double scale = std::fabs(length - month) < 3 * 86400 ? 1 : length / month;
  std::array<BurnAlert, 4> alerts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double wanted = in_seconds(rows[i].long_window) * scale;
    const double longest = std::max(60.0, rows[i].share * length);
    const double long_window = std::clamp(wanted, 60.0, longest);
    const double short_window = scale == 1 ? in_seconds(rows[i].short_window) : std::max(30.0, long_window / 12);
    alerts[i] = {whole_seconds(short_window), whole_seconds(long_window),
                 std::max(1.0, rows[i].share * length / long_window), rows[i].is_page};
  }
  return alerts;
}

}  // namespace slipway::slo
