#pragma once
// Ages as kubectl shows them. Pure.

#include <string>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::objects::table {

// Two or three digits of it: "90s", "5m10s", "3h", "5d3h", "2y17d". A duration below zero is "0s" for two seconds,
// because clocks differ, and "<invalid>" then. The steps are those of k8s.io/apimachinery/pkg/util/duration.
std::string human_duration(Duration duration);

// How long ago a timestamp (RFC 3339) was; "<unknown>" where there is none.
std::string age(const doc::Value& timestamp, Time now);

}  // namespace slipway::objects::table
