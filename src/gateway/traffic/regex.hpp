#pragma once
// Regex: an RE2 pattern that must match the whole text, as Istio's `regex` means. RE2 itself stays in regex.cpp.

#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::gateway::traffic {

class Regex {
 public:
  // invalid_argument with RE2's own words. Patterns above 4 KiB are refused.
  static Result<std::shared_ptr<const Regex>> parse(const std::string& pattern);
  ~Regex();
  bool matches(std::string_view text) const;  // thread-safe, linear time

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::gateway::traffic
