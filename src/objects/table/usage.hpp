#pragma once
// Sums of what containers use, finer than core::Quantity keeps: metrics count processors in billionths. Inside of
// table/.

#include <string>

namespace slipway::objects::table {

// "1500000n" and "500000n" are "2m", "512Ki" and "1536Ki" are "2Mi". A text that is no quantity, or more than fits,
// counts for nothing.
std::string sum_of_quantities(const std::string& a, const std::string& b);

}  // namespace slipway::objects::table
