#pragma once
// What an Environment declares, read strictly.

#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "objects/object.hpp"

namespace slipway::delivery::promotion {

struct Gate {
  std::string name;
  std::string metric;  // of the version, as the registry has it
  std::optional<double> min, max;
};
struct Approvals {
  int required = 0;                // distinct persons
  std::vector<std::string> roles;  // each of them holds one of these; empty: anybody
  bool not_requester = true;
  std::optional<core::Duration> expires_after;
};
struct Smoke {
  std::string path = "/v1/chat/completions";
  std::string host;
  std::string model;  // "" is the promoted one
  std::vector<std::string> prompts;
  core::Duration timeout = std::chrono::seconds(60);
};
struct Environment {
  std::string name;
  std::string ns;
  std::string manifests;  // directory in the repository
  std::string from;       // environment where the version must have succeeded; "" for none
  std::vector<Gate> gates;
  Approvals approvals;
  std::optional<Smoke> smoke;
  core::Duration progress_deadline = std::chrono::seconds(600);
  core::doc::Value document;  // its spec: part of what an approval binds
};

Result<Environment> parse_environment(const objects::Object& object);

}  // namespace slipway::delivery::promotion
