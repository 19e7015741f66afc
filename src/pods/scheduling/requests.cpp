#include "pods/scheduling/requests.hpp"

#include <algorithm>

#include "core/quantity.hpp"

namespace slipway::pods::scheduling {

using objects::Object;

namespace {

Resources read(const doc::Value& list) {
  Resources resources;
  if (!list.is_object()) return resources;
  for (const auto& [name, text] : list.as_object()) {
    const auto quantity = core::Quantity::parse(text.string_or(""));
    if (quantity) resources[name] = quantity->milli();
  }
  return resources;
}

// A container that has limits alone asks for as much.
Resources asked_by(const doc::Value& resources) {
  Resources asked = read(resources["requests"]);
  asked.merge(read(resources["limits"]));
  return asked;
}

void add(Resources& to, const Resources& more) {
  for (const auto& [name, amount] : more) to[name] += amount;
}
void raise(Resources& to, const Resources& at_least) {
  for (const auto& [name, amount] : at_least) to[name] = std::max(to[name], amount);
}

}  // namespace

Resources requests_of(const Object& pod) {
  const doc::Value& spec = pod.spec();
  Resources sidecars, beginning, total;
  const doc::Value& first = spec["initContainers"];
  for (std::size_t i = 0; i < first.size(); ++i) {
    Resources asked = asked_by(first[i]["resources"]);
    if (first[i]["restartPolicy"].string_or("") == "Always") {
      add(sidecars, asked);
      asked = sidecars;
    } else {
      add(asked, sidecars);
    }
    raise(beginning, asked);
  }
  const doc::Value& containers = spec["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) add(total, asked_by(containers[i]["resources"]));
  add(total, sidecars);
  raise(total, beginning);
  for (const auto& [name, amount] : asked_by(spec["resources"])) total[name] = amount;
  add(total, read(spec["overhead"]));
  std::erase_if(total, [](const auto& one) { return one.second <= 0; });
  return total;
}

Resources allocatable_of(const Object& node) { return read(node.status()["allocatable"]); }

}  // namespace slipway::pods::scheduling
