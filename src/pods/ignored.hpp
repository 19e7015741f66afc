#pragma once
// What a Pod asks for and this node does not do, though the Pod runs all the same: people are told, once. Not for what
// it is refused for. Pure.

#include <string>
#include <vector>

#include "objects/object.hpp"

namespace slipway::pods {

// A sentence for each: "dnsConfig: programs find names as this machine does".
std::vector<std::string> ignored_parts(const objects::Object& pod);

}  // namespace slipway::pods
