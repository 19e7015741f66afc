#pragma once
// Kubernetes resource quantities ("500m", "1Gi", "2e3"), exact to a thousandth.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace slipway::core {

class Quantity {
 public:
  constexpr Quantity() = default;
  static constexpr Quantity from_milli(std::int64_t milli) {
    Quantity q;
    q.milli_ = milli;
    return q;
  }
  // Grammar of k8s.io/apimachinery resource.Quantity; the error text is the real server's.
  static Result<Quantity> parse(std::string_view text);
  std::int64_t milli() const { return milli_; }
  std::int64_t value() const;                       // rounded up, as Kubernetes does
  Quantity operator+(const Quantity& other) const;  // capped at the largest; as the left one is written, if not 0
  std::string render() const;  // canonical: "500m", "2", "1Gi" where exact in binary suffix it was given in
  bool operator==(const Quantity& other) const { return milli_ == other.milli_; }
  auto operator<=>(const Quantity& other) const { return milli_ <=> other.milli_; }

 private:
  std::int64_t milli_ = 0;
  bool binary_ = false;
};

}  // namespace slipway::core
