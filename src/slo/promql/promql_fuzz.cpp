// Queries come from files and pages: no text may crash the parser or the evaluator.
#include <cstddef>
#include <cstdint>

#include "slo/promql/promql.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway::slo::promql;
  static const SeriesStore store = [] {
    SeriesStore made;
    for (int i = 0; i < 10; ++i)
      made.append({{"__name__", "x"}, {"le", "1"}}, slipway::core::Time{} + std::chrono::seconds(i), i);
    return made;
  }();
  const auto expression = Expression::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (expression) (void)evaluate(*expression, store, slipway::core::Time{} + std::chrono::seconds(9));
  return 0;
}
