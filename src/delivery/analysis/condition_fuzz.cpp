// Conditions come from files: no text may crash the parser or the evaluator.
#include <cstddef>
#include <cstdint>

#include "delivery/analysis/condition.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using slipway::core::doc::Array;
  using slipway::core::doc::Value;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto condition = slipway::delivery::analysis::Condition::parse(text);
  if (condition) {
    (void)condition->evaluate(Value(Array{Value(0.5), Value(1.5)}));
    (void)condition->evaluate(Value());
  }
  return 0;
}
