#include "objects/discovery/groups.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "core/text.hpp"

namespace slipway::objects::discovery {
namespace {

// Digits without a leading zero, as a number that may be longer than any integer: compared by length, then by text.
struct Number {
  std::size_t length = 0;
  std::string_view digits;
  auto operator<=>(const Number&) const = default;
};

struct Parsed {
  int stability = 0;  // alpha 0, beta 1, general 2
  Number major, minor;
};

Number take_number(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, core::is_digit);
  std::string_view digits(text.begin(), end);
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return {digits.size(), digits};
}

std::optional<Parsed> parse(std::string_view version) {
  if (version.size() < 2 || version[0] != 'v' || !core::is_digit(version[1])) return std::nullopt;
  version.remove_prefix(1);
  Parsed parsed;
  parsed.major = take_number(version);
  if (version.empty()) {
    parsed.stability = 2;
    return parsed;
  }
  for (const std::string_view word : {"alpha", "beta"}) {
    if (!version.starts_with(word)) continue;
    parsed.stability = word == "beta" ? 1 : 0;
    version.remove_prefix(word.size());
    if (version.empty()) return std::nullopt;
    parsed.minor = take_number(version);
    if (version.empty()) return parsed;
  }
  return std::nullopt;
}

}  // namespace

bool is_preferred(std::string_view a, std::string_view b) {
  const auto left = parse(a);
  const auto right = parse(b);
  if (left.has_value() != right.has_value()) return left.has_value();
  if (!left) return a < b;
  return std::tie(left->stability, left->major, left->minor) > std::tie(right->stability, right->major, right->minor);
}

std::vector<Group> groups_of(const Catalog& catalog) {
  std::vector<Group> groups;
  for (const ResourcePtr& resource : catalog.resources()) {
    auto group = std::ranges::find(groups, resource->group, &Group::name);
    if (group == groups.end()) group = groups.insert(groups.end(), Group{resource->group, {}});
    auto version = std::ranges::find(group->versions, resource->version, &GroupVersion::version);
    if (version == group->versions.end()) {
      version = group->versions.insert(version, GroupVersion{resource->group, resource->version, {}});
    }
    version->resources.push_back(resource);
  }
  for (Group& group : groups) {
    std::ranges::stable_sort(group.versions, is_preferred, &GroupVersion::version);
    for (GroupVersion& version : group.versions) {
      std::ranges::stable_sort(version.resources, {},
                               [](const ResourcePtr& resource) -> const std::string& { return resource->plural; });
    }
  }
  return groups;
}

}  // namespace slipway::objects::discovery
