#pragma once
// One reconcile of a Pod on its way: what the parts of PodReconciler hand each other. Inside the room only.

#include <algorithm>

#include "pods/pod_reconciler.hpp"

namespace slipway::pods {

inline constexpr Duration look_again_soon = std::chrono::milliseconds(100);

inline void sooner(std::optional<Duration>& again, Duration after) { again = again ? std::min(*again, after) : after; }

inline constexpr Duration look_for_sources_again = std::chrono::seconds(5);  // ConfigMaps, Secrets, claims

// The part of a Pod that an Event is about.
inline std::string field_of(const std::string& container) { return "spec.containers{" + container + "}"; }

// Where an attempt's last words are kept, in its Pod's directory.
inline std::string last_words_file(const ContainerId& id) {
  return "last-words-" + id.container + "-" + std::to_string(id.attempt);
}

struct PodReconciler::Step {
  const objects::Object& pod;
  Pod& memory;
  std::string address;
  std::string refused = {};        // why nothing of it can be started
  std::string missing = {};        // what nothing of it can be started without, and may come yet
  std::vector<Start> starts = {};  // after the status is durable
  std::optional<Duration> again = {};
};

}  // namespace slipway::pods
