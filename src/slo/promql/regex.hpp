#pragma once
// A label's regular expression: RE2 over the whole value, as Prometheus does. RE2 itself stays in regex.cpp. Inside of
// promql/.

#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::slo::promql {

class Regex {
 public:
  static Result<std::shared_ptr<const Regex>> parse(const std::string& pattern);  // invalid_argument with RE2's words
  ~Regex();
  bool matches(std::string_view text) const;  // thread-safe, linear time

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::slo::promql
