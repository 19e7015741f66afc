#pragma once
// The document of GET /version. Clients parse gitVersion as a semantic version and compare it with their own.
// Pure; safe from any thread.

#include <string>

#include "core/doc.hpp"

namespace slipway::objects::discovery {

// The release of Kubernetes whose API this is: that of the table of built-in kinds.
inline constexpr int kubernetes_major = 1;
inline constexpr int kubernetes_minor = 34;
inline constexpr int kubernetes_patch = 4;

struct Build {
  std::string commit;    // 40 hex digits; may be empty
  std::string date;      // RFC 3339: "2026-11-30T00:00:00Z"
  std::string compiler;  // "gcc"
  std::string platform;  // "linux/amd64", as Go names systems and processors
};

// "v1.34.4+slipway"
std::string git_version();
doc::Value version_document(const Build& build);

}  // namespace slipway::objects::discovery
