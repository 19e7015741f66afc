#include "delivery/rollout/routes.hpp"

#include <algorithm>

#include "delivery/errors.hpp"

namespace slipway::delivery::rollout {
namespace {
using core::doc::Array;
using core::doc::Value;

std::string text_of(const Value& document) {
  return document["kind"].string_or("") + " " + document["metadata"]["namespace"].string_or("") + "/" +
         document["metadata"]["name"].string_or("");
}

// spec.<member> as an array to edit, or nullptr.
Array* array_in(Value& document, std::string_view member) {
  Value& spec = document.at_or_insert("spec");
  if (!spec.is_object()) return nullptr;
  Value* list = spec.as_object().find(member);
  return list != nullptr && list->is_array() ? &list->as_array() : nullptr;
}
const Array& list_of(const Value& value) {
  static const Array none;
  return value.is_array() ? value.as_array() : none;
}

struct Split {
  std::size_t route = 0, canary = 0, stable = 0;
};

Result<Split> split_of(const Value& document, std::size_t at, const Routing& routing) {
  const Value& http = document["spec"]["http"][at];
  const std::string name = "route \"" + http["name"].string_or("#" + std::to_string(at)) + "\"";
  Split split{at, SIZE_MAX, SIZE_MAX};
  const Array& destinations = list_of(http["route"]);
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    const std::string subset = destinations[i]["destination"]["subset"].string_or("");
    if (subset == routing.canary_subset) split.canary = i;
    if (subset == routing.stable_subset) split.stable = i;
  }
  if (split.canary == SIZE_MAX || split.stable == SIZE_MAX) {
    return errors::no_route(text_of(document),
                            name + " has no destination for subset \"" +
                                (split.canary == SIZE_MAX ? routing.canary_subset : routing.stable_subset) + "\"");
  }
  if (destinations.size() != 2)
    return errors::no_route(text_of(document), name + " has " + std::to_string(destinations.size()) + " destinations");
  return split;
}

Result<std::vector<Split>> managed_splits(const Value& document, const Routing& routing) {
  const Array& routes = list_of(document["spec"]["http"]);
  std::vector<Split> splits;
  if (routing.routes.empty()) {
    if (routes.size() != 1)
      return errors::no_route(text_of(document),
                              "has " + std::to_string(routes.size()) + " http routes, and the Rollout names none");
    TRY_ASSIGN(Split split, split_of(document, 0, routing));
    splits.push_back(split);
    return splits;
  }
  for (const auto& name : routing.routes) {
    const auto found = std::find_if(routes.begin(), routes.end(),
                                    [&](const Value& route) { return route["name"].string_or("") == name; });
    if (found == routes.end()) return errors::no_route(text_of(document), "has no http route named \"" + name + "\"");
    TRY_ASSIGN(Split split, split_of(document, static_cast<std::size_t>(found - routes.begin()), routing));
    splits.push_back(split);
  }
  return splits;
}
}  // namespace

Result<std::optional<int>> canary_weight(const Value& document, const Routing& routing) {
  TRY_ASSIGN(const auto splits, managed_splits(document, routing));
  std::optional<int> shown;
  for (const auto& split : splits) {
    const Value& route = document["spec"]["http"][split.route]["route"];
    const auto canary = route[split.canary]["weight"].int_or(0);
    const auto stable = route[split.stable]["weight"].int_or(0);
    if (canary + stable != 100 || canary < 0 || stable < 0) return std::optional<int>();
    if (shown && *shown != canary) return std::optional<int>();
    shown = static_cast<int>(canary);
  }
  return shown;
}

Result<> set_canary_weight(Value& document, const Routing& routing, int percent) {
  TRY_ASSIGN(const auto splits, managed_splits(document, routing));
  Array& routes = *array_in(document, "http");
  for (const auto& split : splits) {
    Array& destinations = routes[split.route].as_object()["route"].as_array();
    destinations[split.canary].as_object().set("weight", Value(percent));
    destinations[split.stable].as_object().set("weight", Value(100 - percent));
  }
  return {};
}

Result<std::string> subset_hash(const Value& document, const std::string& subset) {
  for (const auto& entry : list_of(document["spec"]["subsets"])) {
    if (entry["name"].string_or("") == subset) return entry["labels"][hash_label].string_or("");
  }
  return fail(Code::failed_precondition, text_of(document) + " has no subset named \"" + subset + "\"");
}

Result<> set_subset_hash(Value& document, const std::string& subset, const std::string& hash) {
  if (Array* subsets = array_in(document, "subsets")) {
    for (auto& entry : *subsets) {
      if (entry["name"].string_or("") != subset) continue;
      entry.at_or_insert("labels").at_or_insert(hash_label) = Value(hash);
      return {};
    }
  }
  return fail(Code::failed_precondition, text_of(document) + " has no subset named \"" + subset + "\"");
}

void keep_live_weights(Value& fresh, const Value& live) {
  Array* routes = array_in(fresh, "http");
  if (routes == nullptr) return;
  const Array& live_routes = list_of(live["spec"]["http"]);
  for (std::size_t i = 0; i < routes->size(); ++i) {
    const std::string name = (*routes)[i]["name"].string_or("");
    const Value* same = nullptr;
    for (std::size_t j = 0; j < live_routes.size(); ++j) {
      if (name.empty() ? j == i && live_routes[j]["name"].is_null() : live_routes[j]["name"].string_or("") == name)
        same = &live_routes[j];
    }
    if (same == nullptr || !(*routes)[i]["route"].is_array()) continue;
    for (auto& destination : (*routes)[i].as_object()["route"].as_array()) {
      for (const auto& shown : list_of((*same)["route"])) {
        const Value &a = destination["destination"], &b = shown["destination"];
        if (a["host"] == b["host"] && a["subset"] == b["subset"] && !shown["weight"].is_null()) {
          destination.at_or_insert("weight") = shown["weight"];
        }
      }
    }
  }
}

void keep_live_subsets(Value& fresh, const Value& live) {
  Array* subsets = array_in(fresh, "subsets");
  if (subsets == nullptr) return;
  for (auto& subset : *subsets) {
    for (const auto& shown : list_of(live["spec"]["subsets"])) {
      const Value& hash = shown["labels"][hash_label];
      if (shown["name"] == subset["name"] && !hash.is_null())
        subset.at_or_insert("labels").at_or_insert(hash_label) = hash;
    }
  }
}

}  // namespace slipway::delivery::rollout
