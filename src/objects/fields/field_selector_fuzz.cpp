// A field selector from a stranger: what is read can be written and read again as the same one.
// Run: build/asan/fuzz/field_selector_fuzz -max_total_time=60

#include <cstdint>
#include <cstdlib>

#include "objects/fields/field_selector.hpp"

using slipway::objects::fields::FieldSelector;
using slipway::objects::fields::FieldSet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto selector = FieldSelector::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!selector) {
    if (selector.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = FieldSelector::parse(selector->text());
  if (!again) std::abort();
  if (again->requirements().size() != selector->requirements().size()) std::abort();
  FieldSet wanted;
  bool contradicts = false;
  for (const auto& requirement : selector->requirements()) {
    const auto [at, is_new] = wanted.emplace(requirement.field, requirement.value);
    contradicts = contradicts || !requirement.equal || (!is_new && at->second != requirement.value);
  }
  if (!contradicts && !selector->matches(wanted)) std::abort();
  return 0;
}
