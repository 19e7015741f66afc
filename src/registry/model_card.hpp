#pragma once
// The model card of a models repository (model.yaml): what a version is called and how it is meant to be run.

#include <string>

#include "core/doc.hpp"

namespace slipway::registry {

struct ModelCard {
  std::string name, version;  // never empty
  std::string description, license;
  std::string format;           // "gguf" unless said
  core::doc::Value parameters;  // an object, or null
};

// invalid_argument with the place of everything that is wrong or unknown. Pure.
Result<ModelCard> parse_model_card(const core::doc::Value& document);

}  // namespace slipway::registry
