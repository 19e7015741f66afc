#pragma once
// What a GitHub workflow's expressions refer to. Not for its shape and syntax: that is workflow::lint.

#include <vector>

#include "core/doc.hpp"

namespace slipway::server {

// Every `steps.X` and `needs.X` whose X is no step of the job, or no job that it needs. Pure.
std::vector<core::Error> broken_expressions(const doc::Value& workflow);

}  // namespace slipway::server
