#pragma once
// The Pod Security Standards: what a Pod may not ask for at a level, in the words of Kubernetes. Pure; safe from any
// thread. https://kubernetes.io/docs/concepts/security/pod-security-standards/ and k8s.io/pod-security-admission.

#include <cstdint>
#include <string>
#include <vector>

#include "core/doc.hpp"

namespace slipway::objects::admission {

enum class SecurityLevel : std::uint8_t { privileged, baseline, restricted };
std::string_view name_of(SecurityLevel level);

// A level as one release of Kubernetes has it.
struct SecurityStandard {
  SecurityLevel level = SecurityLevel::privileged;
  int minor = latest;  // of 1.MINOR
  static constexpr int latest = 1'000'000;
  bool operator==(const SecurityStandard&) const = default;
  std::string text() const;  // "restricted:latest", "baseline:v1.24"
};

struct Violation {
  std::string reason;  // "host namespaces"
  std::string detail;  // "hostNetwork=true"
};

// Of a Pod, or of a template for Pods: {metadata, spec}.
std::vector<Violation> violations_of(const SecurityStandard& standard, const doc::Value& pod);
// "host namespaces (hostNetwork=true), privileged (container "c" must not ...)"; without details the reasons alone.
std::string render(const std::vector<Violation>& violations, bool with_details = true);

}  // namespace slipway::objects::admission
