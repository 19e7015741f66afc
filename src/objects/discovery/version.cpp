#include "objects/discovery/version.hpp"

namespace slipway::objects::discovery {

std::string git_version() {
  std::string version = "v" + std::to_string(kubernetes_major) + "." + std::to_string(kubernetes_minor);
  return version.append(".").append(std::to_string(kubernetes_patch)).append("+slipway");
}

doc::Value version_document(const Build& build) {
  const std::string major = std::to_string(kubernetes_major);
  const std::string minor = std::to_string(kubernetes_minor);
  return doc::Object{
      {"major", major},
      {"minor", minor},
      {"emulationMajor", major},
      {"emulationMinor", minor},
      {"minCompatibilityMajor", major},
      {"minCompatibilityMinor", std::to_string(kubernetes_minor - 1)},
      {"gitVersion", git_version()},
      {"gitCommit", build.commit},
      {"gitTreeState", "clean"},
      {"buildDate", build.date},
      {"goVersion", ""},
      {"compiler", build.compiler},
      {"platform", build.platform},
  };
}

}  // namespace slipway::objects::discovery
