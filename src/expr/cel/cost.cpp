#include "expr/cel/cost.hpp"

#include "expr/cel/map.hpp"

namespace slipway::expr::cel {

namespace {

// Characters, bytes, elements; 1 for everything else.
std::uint64_t size_of(const Value& value) {
  if (value.is_string()) return value.as_string().size();
  if (const auto* bytes = value.get<Bytes>()) return bytes->view.size();
  if (const auto* list = value.get<List>()) return list->size();
  if (const auto* map = value.get<Map>()) {
    return map->document != nullptr ? map->document->size() : map->made == nullptr ? 0 : map->made->entries.size();
  }
  return 1;
}

std::uint64_t tenth(std::uint64_t size) { return (size + 9) / 10; }
std::uint64_t at_least_one(std::uint64_t cost) { return cost == 0 ? 1 : cost; }

}  // namespace

std::uint64_t cost_before(Cost cost, std::span<const Value> arguments) {
  const auto size = [&](std::size_t index) { return index < arguments.size() ? size_of(arguments[index]) : 0; };
  switch (cost) {
    case Cost::unit:
    case Cost::result_twice:
      return 1;
    case Cost::text:
      return at_least_one(tenth(size(0)));
    case Cost::text_twice:
      return at_least_one(tenth(size(0) * 2));
    case Cost::affix:
      return at_least_one(tenth(size(1)));
    case Cost::contains:
      return at_least_one(tenth(size(0)) * tenth(size(1)));
    case Cost::concatenation:
      if (const auto* list = arguments[0].get<List>()) {
        const bool unique = uniqueness_of(*list) != Uniqueness::none;
        return at_least_one(unique ? size(0) + (size(0) + size(1)) * size(1) : size(0) + size(1));
      }
      return at_least_one(tenth(size(0) + size(1)));
    case Cost::comparison:
      return at_least_one(tenth(std::min(size(0), size(1))));
    case Cost::pattern:
      return at_least_one(tenth(size(0) + 1) * ((size(1) + 3) / 4));
    case Cost::format_check:
      return at_least_one(tenth(size(1) + 1) * 15);
    case Cost::elements:
      return at_least_one(size(arguments.size() - 1));
    case Cost::product:
      return at_least_one(size(0) * at_least_one(size(arguments.size() - 1)));
    case Cost::traversal: {
      const auto* list = arguments[0].get<List>();
      if (list == nullptr) return 1;
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < list->size(); ++i) {
        const auto element = list->at(i);
        total += element.kind() == Kind::list ? 1 + size_of(element) : at_least_one(tenth(size_of(element)));
      }
      return at_least_one(total);
    }
  }
  return 1;
}

std::uint64_t cost_after(Cost cost, const Value& result) {
  return cost == Cost::result_twice && !result.is_failure() ? tenth(size_of(result) * 2) : 0;
}

}  // namespace slipway::expr::cel
