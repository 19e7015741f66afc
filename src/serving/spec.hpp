#pragma once
// Spec: the spec of an LLMDeployment, strictly read. docs/internals/kinds.md says what the fields mean.

#include <string>
#include <vector>

#include "objects/object.hpp"

namespace slipway::serving {

struct Spec {
  std::string model_name;  // what clients send in "model"; the object's own name when it does not say
  std::string model_uri;
  std::string version;
  std::string sha256_hex;  // of the weights; "" when not pinned
  std::int64_t replicas = 1;
  int port = 8080;
  int max_sequence_length = 1024;  // tokens of one request, prompt and answer
  int batch_size = 4;              // requests at once
  std::string runtime;             // "" is the catalog's default
  std::vector<std::string> runtime_arguments;
  bool operator==(const Spec&) const = default;
};

// All problems at once, each with its field path.
Result<Spec> parse_spec(const objects::Object& llm_deployment);

}  // namespace slipway::serving
