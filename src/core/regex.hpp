#pragma once
// Regex: an RE2 pattern that must match a whole text, as Istio's `regex` and Prometheus' label matchers mean it, or is
// looked for in one, as CEL does. Linear time, whatever the pattern and the text.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::core {

class Regex {
 public:
  enum class Dot { every, all_but_newline };  // what a dot matches
  // invalid_argument with RE2's own words. Patterns above 4 KiB are refused.
  static Result<std::shared_ptr<const Regex>> parse(const std::string& pattern, Dot dot = Dot::every);
  ~Regex();
  bool matches(std::string_view text) const;  // the whole of it; thread-safe

  struct Found {
    std::size_t offset = 0;
    std::size_t length = 0;
  };
  // The first part of the text that matches, at `from` or later; thread-safe.
  std::optional<Found> find(std::string_view text, std::size_t from = 0) const;

 private:
  struct Impl;  // RE2 itself stays in regex.cpp
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::core
