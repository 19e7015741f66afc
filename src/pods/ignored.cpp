#include "pods/ignored.hpp"

#include <array>

namespace slipway::pods {
namespace {

struct Part {
  const char* path;  // in the spec; there when it says something
  const char* sentence;
};
constexpr std::array<Part, 4> parts{{
    {"shareProcessNamespace", "shareProcessNamespace: programs of this node see each other's processes anyway"},
    {"dnsConfig", "dnsConfig: programs find names as this machine does"},
    {"securityContext.sysctls", "securityContext.sysctls: this machine's stay as they are"},
    {"resourceClaims", "resourceClaims: no devices are allocated for claims; ask for them in resources"},
}};

bool says_something(const doc::Value& value) { return value.is_bool() ? value.as_bool() : value.size() > 0; }

}  // namespace

std::vector<std::string> ignored_parts(const objects::Object& pod) {
  std::vector<std::string> told;
  for (const Part& part : parts) {
    if (says_something(pod.spec().at_path(part.path))) told.emplace_back(part.sentence);
  }
  return told;
}

}  // namespace slipway::pods
