#pragma once
// Regex: an RE2 pattern that must match a whole text, as Istio's `regex` and Prometheus' label matchers mean it; a dot
// matches every character. Linear time, whatever the pattern and the text. Not for finding parts of a text.

#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::core {

class Regex {
 public:
  // invalid_argument with RE2's own words. Patterns above 4 KiB are refused.
  static Result<std::shared_ptr<const Regex>> parse(const std::string& pattern);
  ~Regex();
  bool matches(std::string_view text) const;  // thread-safe

 private:
  struct Impl;  // RE2 itself stays in regex.cpp
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::core
