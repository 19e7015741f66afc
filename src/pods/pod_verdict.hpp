#pragma once
// Why a whole Pod must end although nobody deleted it: its time is over, or it took more than it may. Pure.

#include <optional>

#include "objects/object.hpp"

namespace slipway::pods {

struct Verdict {
  std::string reason, message;  // of the Pod's status, in the kubelet's words
  Duration grace{};
};

// activeDeadlineSeconds, counted from status.startTime. `again` is set to when it will be over, while it is not.
std::optional<Verdict> deadline_verdict(const objects::Object& pod, Duration grace, Time now,
                                        std::optional<Duration>& again);
Verdict eviction_verdict(const std::string& volume, const std::string& limit);

// Writes it into the status of a Pod of which nothing runs.
void render_verdict(objects::Object& pod, const Verdict& verdict);

}  // namespace slipway::pods
