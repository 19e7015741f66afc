#pragma once
// Prometheus recording and alerting rules of objectives, with the names and labels that Sloth gives them, so that its
// dashboards and alert routes work. One difference on purpose: the period's ratio is event-weighted, not a mean of
// five-minute ratios. Pure.

#include <string>
#include <vector>

#include "slo/objective.hpp"

namespace slipway::slo {

// A rule file (YAML) for Prometheus: three groups an objective.
std::string render_rules(const std::vector<Objective>& objectives);

}  // namespace slipway::slo
