#pragma once
// Error budgets and burn rates, event-weighted. Pure. No data is a state of its own: neither good nor exhausted.

#include <array>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace slipway::slo {

enum class State { no_data, ok, burning, exhausted };
std::string_view name_of(State state);  // "no-data"

struct Budget {
  State state = State::no_data;     // ok or exhausted when there is data
  std::optional<double> sli;        // good / total
  std::optional<double> consumed;   // (1 - sli) / (1 - target): 1 when sli == target
  std::optional<double> remaining;  // 1 - consumed; negative beyond
};
// nullopt, NaN and a total of 0 are no data. `target` in (0, 1).
Budget budget(std::optional<double> good, std::optional<double> total, double target);

// How many times faster than allowed: 1 spends exactly the budget in the window.
std::optional<double> burn_rate(std::optional<double> error_ratio, double target);

// A multi-window, multi-burn-rate alert (Google's SRE workbook, table 5-8): fires when both windows burn faster than
// `factor`.
struct BurnAlert {
  core::Duration short_window{0}, long_window{0};
  double factor = 1;
  bool is_page = true;  // else a ticket
};
// The workbook's four for 30 days: 14.4 (1h/5m), 6 (6h/30m), 3 (1d/2h), 1 (3d/6h). Other windows: the long windows
// scale with them but stay above a minute, the factor is share * window / long window and at least 1.
std::array<BurnAlert, 4> burn_alerts(core::Duration window);

}  // namespace slipway::slo
