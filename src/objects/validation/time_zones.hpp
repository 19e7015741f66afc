#pragma once
// Which names are time zones: spec.timeZone of a CronJob. Not for times in them.

#include <string_view>

namespace slipway::objects::validation {

bool is_time_zone(std::string_view name);  // "Europe/Berlin", "UTC"; upper and lower case count

}  // namespace slipway::objects::validation
